"""How a run looks: a bar on a terminal, plain lines elsewhere, and at the end one table or one JSON document.

Progress and warnings go to stderr, results to stdout, so that either can be piped.
"""

from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from jobs.engine.history import RunRecord
from jobs.engine.progress import Progress
from maidian.options import Language
from maidian.text_table import new_table, print_table

PLAIN_LINE_DAYS = 100  # a log of a ten-year backfill stays readable

HEADINGS: dict[Language, tuple[str, ...]] = {
    "en": ("table", "outcome", "days", "rows", "seconds", "snapshot"),
    "zh": ("表", "结果", "天数", "行数", "秒", "快照"),
}
OUTCOMES: dict[Language, dict[str, str]] = {
    "en": {},
    "zh": {"rebuilt": "已重建", "unchanged": "无变化", "refused": "审核未通过", "skipped": "已跳过", "failed": "失败"},
}


class RunDisplay:
    """Shows a run while it is at work: hand `report` to it."""

    def __init__(self, is_json: bool) -> None:
        console = Console(stderr=True)
        self._bars = None
        if console.is_terminal and not is_json:
            self._bars = Bars(
                TextColumn("{task.description:20}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[day]}"),
                TimeElapsedColumn(),
                console=console,
            )
        self._is_quiet = is_json
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was, also after a failure."""
        if self._bars:
            self._bars.stop()

    def report(self, step: Progress) -> None:
        """Show one step."""
        if step.stage == "warning":
            self._warn(step.message)
        elif self._bars:
            self._draw(self._bars, step)
        elif not self._is_quiet:
            _print_line(step)

    def _warn(self, message: str) -> None:
        if self._bars:
            self._bars.console.print(f"warning: {message}", markup=False, highlight=False)
        else:
            click.echo(f"warning: {message}", err=True)

    def _draw(self, bars: Bars, step: Progress) -> None:
        if step.stage == "start":
            self._tasks[step.table] = bars.add_task(step.table, total=step.total, day="")
        else:
            bars.update(self._tasks[step.table], completed=step.done, day=step.message)


def _print_line(step: Progress) -> None:
    if step.stage == "start" and step.total:
        click.echo(f"{step.table}: {step.total} day{'s' * (step.total > 1)} to rebuild", err=True)
    elif step.stage == "day" and step.done % PLAIN_LINE_DAYS == 0:
        click.echo(f"{step.table}: {step.done} of {step.total} days", err=True)


def print_record(record: RunRecord, is_json: bool, language: Language) -> None:
    """Print what a run did."""
    if is_json:
        click.echo(msgspec.json.encode(record))
        return
    if record.message and record.outcome == "done":
        click.echo(record.message)
    if record.outcome == "done" and all(result.outcome == "unchanged" for result in record.tables):
        if record.tables:
            click.echo({"en": "every table is up to date", "zh": "所有表均为最新"}[language])
        return
    table = new_table(HEADINGS[language], numbers=("days", "rows", "seconds", "天数", "行数", "秒"))
    for result in record.tables:
        outcome = OUTCOMES[language].get(result.outcome, result.outcome)
        numbers = (f"{result.days:,}", f"{result.rows:,}", f"{result.seconds:,.1f}")
        table.add_row(result.table, outcome, *numbers, result.snapshot_id or "")
    print_table(table)
