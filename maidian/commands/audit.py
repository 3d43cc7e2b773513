"""`maidian audit`: what the last audit of each table found."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from maidian.options import Language, Preferences, json_option, lake_option, pass_preferences, require_folder
from schemas.lake.durable import write_durably
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace

HEADINGS: dict[Language, tuple[str, ...]] = {
    "en": ("table", "asked", "not met", "published"),
    "zh": ("表", "检查项", "未满足", "发布于"),
}
NUMBERS = ("asked", "not met", "检查项", "未满足")
REFUSED: dict[Language, str] = {"en": "newer data refused", "zh": "较新数据未通过"}


@click.command(name="audit")
@lake_option
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it as one page for people who do not program; it loads nothing from anywhere.",
)
@json_option
@pass_preferences
def command(preferences: Preferences, lake: LakePlace, page: Path | None, is_json: bool) -> None:
    """Show what the last audit of each table found: how much was asked, what was not met, and where.

    It is the audit of the days that the table was last published with. What is critical and not met keeps data
    from being published, so what is not met here are warnings, and newer data that was refused.
    """
    from jobs.engine.discovery import find_jobs
    from jobs.engine.last_audit import last_audits
    from maidian.audit_page import audit_page
    from maidian.audit_words import days_at_fault, reason
    from maidian.text_table import new_table, print_table

    opened, language = open_lake(lake), preferences.language
    audits = last_audits(opened, [job.table for job in find_jobs()])
    if page is not None:
        require_folder("--html", page)
        written_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        write_durably(page, audit_page(audits, opened.name, written_at, language).encode())
    if is_json:
        click.echo(msgspec.json.encode({"lake": opened.name, "tables": audits}))
        return
    if page is not None:
        click.echo(f"wrote {page}")
        return
    table = new_table(HEADINGS[language], NUMBERS)
    for audit in audits:
        published = audit.published_at[:19] + (f"  ({REFUSED[language]})" if audit.refusal else "")
        table.add_row(audit.table, f"{len(audit.findings):,}", f"{len(audit.failed):,}", published)
    print_table(table)
    for audit in audits:
        for finding in audit.failed:
            where = days_at_fault(finding.outcome, language)
            click.echo(f"{finding.outcome.severity}: {audit.table}, {where}: {reason(finding, language)}")
        if audit.refusal:
            click.echo(f"refused at {audit.refused_at}: {audit.refusal}")
