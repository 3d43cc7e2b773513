"""What an export prints: how many rows matched, are in the list and were removed, rule by rule; and the audiences."""

import re
from pathlib import Path

import click
import msgspec

from maidian.audiences.load_audience import known_audiences, load_audience
from maidian.audiences.removal_rules import RULES
from maidian.audiences.report import Report
from maidian.options import Language
from maidian.text_table import new_table, print_table
from schemas.errors import UsageError
from schemas.lake.lake import Lake

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "matched": "matched",
        "listed": "in the list",
        "removed": "removed",
        "rows": "rows",
        "customers": "companies",
        "held_out": "companies held out",
        "rule": "removed by",
        "name": "audience",
        "title": "title",
        "source": "source",
        "where": "file",
        "shipped": "comes with maidian",
        "again": "the same export was logged today already; no second entry was made",
        "trial": "a trial: no file was written, nothing logged",
        "nobody": "nobody matched; nothing was logged",
    },
    "zh": {
        "matched": "匹配",
        "listed": "入选",
        "removed": "剔除",
        "rows": "行",
        "customers": "个客户",
        "held_out": "个对照客户",
        "rule": "剔除规则",
        "name": "名单",
        "title": "标题",
        "source": "来源",
        "where": "文件",
        "shipped": "内置",
        "again": "今日已有相同的导出记录，未重复记录",
        "trial": "试算：未写文件，未记录",
        "nobody": "没有匹配的客户，未记录",
    },
}


def print_report(
    report: Report, folder: Path, *, is_new: bool, is_trial: bool, is_json: bool, language: Language
) -> None:
    """The counts and the files; the warnings on standard error."""
    if is_json:
        document = {**msgspec.to_builtins(report), "folder": str(folder), "is_new": is_new, "is_trial": is_trial}
        click.echo(msgspec.json.encode(document))
        return
    words = WORDS[language]
    click.echo(f"{report.title[language]} · {report.as_of} · {report.export_id}")
    click.echo(
        f"{report.matched_row_count:,} {words['rows']} {words['matched']} = {report.listed_row_count:,} {words['listed']}"
        f" + {report.removed_row_count:,} {words['removed']}"
    )
    click.echo(
        f"{report.matched_customer_count:,} {words['customers']} {words['matched']}, {report.listed_customer_count:,} "
        f"{words['listed']}, {report.held_out_customer_count:,} {words['held_out']}"
    )
    if report.removed_row_counts:
        table = new_table((words["rule"], words["rows"], ""), numbers=(words["rows"],))
        for name, count in report.removed_row_counts.items():
            table.add_row(name, f"{count:,}", meaning(name, language))
        print_table(table)
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    for file in report.files:
        click.echo(f"wrote {folder / file.name}")
    if is_trial:
        click.echo(words["trial"])
    elif not report.matched_row_count:
        click.echo(words["nobody"])
    elif not is_new:
        click.echo(words["again"])


def meaning(rule: str, language: Language) -> str:
    """The rule's sentence without the values of a row."""
    text = RULES[rule].zh if language == "zh" else RULES[rule].en
    return re.sub(r"\{\w+\}", "…", text)


def print_audiences(lake: Lake, *, is_json: bool, language: Language) -> None:
    """Every definition with its title; of one that cannot be read, what is wrong with it."""
    words = WORDS[language]
    found: list[dict[str, object]] = []
    table = new_table((words["name"], words["title"], words["source"], words["where"]))
    for each in known_audiences(lake):
        try:
            audience = load_audience(lake, each.name)
        except UsageError as error:
            found.append({"name": each.name, "file": each.path and str(each.path), "fault": str(error)})
            table.add_row(each.name, str(error), "", str(each.path))
            continue
        title = audience.title.zh if language == "zh" else audience.title.en
        described: dict[str, object] = {"name": each.name, "title": audience.title, "source": audience.source}
        found.append({**described, "file": each.path and str(each.path), "fault": None})
        table.add_row(each.name, title, audience.source, str(each.path or words["shipped"]))
    if is_json:
        click.echo(msgspec.json.encode({"audiences": found}))
    else:
        print_table(table)
