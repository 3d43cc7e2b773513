"""How an import looks: a bar on a terminal, and at the end a table whose rows add up, or the same as JSON."""

from pathlib import Path
from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from maidian.options import Language
from maidian.text_table import new_table, print_table
from pipelines.imports.masters.import_master import MasterReport
from pipelines.imports.report import ImportReport

PLAIN_LINE_ROWS = 5_000_000
"""Without a terminal a line as often as this: about one every half minute."""

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "heading": "what became of the rows",
        "rows": "rows",
        "events": "events",
        "read": "read",
        "used again": "used by a second event",
        "filtered": "left out: {}",
        "refused": "refused",
        "copied": "{file}: {count:,} lines copied to {segment}",
        "already": "{file}: already imported as {segment}, nothing added",
        "imported": "{file} -> {segment}",
        "master": "{file} -> table {table}: {count:,} rows, in place of what it held",
        "same master": "{file} -> table {table}: {count:,} rows, the same as before, nothing written",
        "nothing": "{file}: no row became an event, nothing written",
        "sample": "refused row {row:,}: {reason}",
        "more": "all refused rows: {path}",
        "differing": "{count:,} orders whose rows differ in {column}: the first row's is taken",
        "unseen": "no row has a value in {columns}: is it the right column?",
    },
    "zh": {
        "heading": "各行去向",
        "rows": "行数",
        "events": "事件数",
        "read": "读入",
        "used again": "被另一事件再次使用",
        "filtered": "按规则排除：{}",
        "refused": "拒绝",
        "copied": "{file}：已复制 {count:,} 行到 {segment}",
        "already": "{file}：此前已导入为 {segment}，未新增任何内容",
        "imported": "{file} -> {segment}",
        "master": "{file} -> 表 {table}：{count:,} 行，已整体替换",
        "same master": "{file} -> 表 {table}：{count:,} 行，与原内容相同，未写入",
        "nothing": "{file}：没有任何行成为事件，未写入",
        "sample": "拒绝第 {row:,} 行：{reason}",
        "more": "全部被拒绝的行：{path}",
        "differing": "{count:,} 张订单各行的 {column} 不一致：取第一行的值",
        "unseen": "没有任何行在 {columns} 中有值：列名是否正确？",
    },
}


class ImportBar:
    """Shows how far a file is read: hand `update` to the import."""

    def __init__(self, file: Path, is_json: bool) -> None:
        console = Console(stderr=True)
        columns = (TextColumn(file.name, markup=False), BarColumn(), TextColumn("{task.fields[rows]:,}"))
        self._is_quiet = is_json or console.is_terminal
        self._name = file.name
        self._bars = Progress(
            *columns,
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=is_json or not console.is_terminal,
        )
        self._task = self._bars.add_task(file.name, total=None, rows=0)
        self._said = 0

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was, also after a failure."""
        self._bars.stop()

    def update(self, rows: int, share: float | None) -> None:
        """Show how many rows, and which share of the file, are read."""
        self._bars.update(self._task, total=None if share is None else 1.0, completed=share or 0, rows=rows)
        if not self._is_quiet and rows // PLAIN_LINE_ROWS > self._said:
            self._said = rows // PLAIN_LINE_ROWS
            click.echo(f"{self._name}: {rows:,} rows", err=True)


def print_json(reports: list[ImportReport]) -> None:
    """One document, a report a file."""
    click.echo(msgspec.json.encode({"files": reports}))


def print_report(report: ImportReport, language: Language) -> None:
    """What became of one file. In the table: read + used again = events + left out + refused."""
    words = WORDS[language]
    names = {"file": report.file, "segment": report.segment}
    if not report.is_new:
        click.echo(words["already"].format(**names))
    elif report.copied_line_count is not None:
        click.echo(words["copied"].format(**names, count=report.copied_line_count))
    else:
        click.echo(words["imported" if report.segment else "nothing"].format(**names))
    if report.read_count is None:
        return
    table = new_table((words["heading"], words["rows"], words["events"]), (words["rows"], words["events"]))
    table.add_row(words["read"], f"{report.read_count:,}", "")
    if report.used_again_count:
        table.add_row(f"+ {words['used again']}", f"{report.used_again_count:,}", "")
    for each in report.events:
        name = f"{each.event_type} {each.status or ''}".strip()
        table.add_row(f"= {name}", f"{each.row_count:,}", f"{each.event_count:,}")
    for rule, count in report.filtered_counts.items():
        table.add_row(f"= {words['filtered'].format(rule)}", f"{count:,}", "")
    table.add_row(f"= {words['refused']}", f"{report.refused_count:,}", "")
    print_table(table)
    for column, count in report.differing_counts.items():
        click.echo(words["differing"].format(count=count, column=column))
    if report.unseen_columns:
        click.echo(words["unseen"].format(columns=", ".join(report.unseen_columns)))
    for sample in report.refused_sample:
        click.echo(words["sample"].format(row=sample.row, reason=sample.reason))
    if report.refused_file:
        click.echo(words["more"].format(path=report.refused_file))


def print_master_json(report: MasterReport) -> None:
    """One document."""
    click.echo(msgspec.json.encode(report))


def print_master(report: MasterReport, language: Language) -> None:
    """How many rows the table has now, and how many of the file were left out."""
    words = WORDS[language]
    said = words["master" if report.is_new else "same master"]
    click.echo(said.format(file=report.file, table=report.table, count=report.row_count))
    for rule, count in report.filtered_counts.items():
        click.echo(f"{words['filtered'].format(rule)}: {count:,}")
