"""`maidian generate`: the events of a made-up wholesaler into a landing, with the truth beside them."""

import json
import time
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from maidian.options import DAY, json_option
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.generator.planted_effect import PlantedEffect

SECONDS_BETWEEN_LINES = 10.0  # in a log; a run of minutes shows that it lives, one of seconds says nothing


@click.command(name="generate")
@click.option("--events", type=int, required=True, help="Distinct good events; repeats and garbage come on top.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to write.")
@click.option("--days", type=int, default=30, show_default=True, help="Business days, Asia/Shanghai.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another wholesaler.")
@click.option(
    "--end-date",
    type=DAY,
    show_default="2026-11-20",
    help="The last day; never today's date, so that equal commands write equal bytes.",
)
@click.option("--customers", type=int, show_default="by the number of events", help="Buying companies.")
@click.option("--skus", type=int, show_default="by the number of events", help="Products.")
@click.option(
    "--garbage-ratio", type=float, default=0.005, show_default=True, help="Lines to be refused, for each good event."
)
@click.option("--truth/--no-truth", "has_truth", default=True, help="Also write what was planted, as Parquet.")
@click.option(
    "--effect-list",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Plant an effect: the customers of this CSV file (a column customer_id, or an exported list) order more often.",
)
@click.option("--effect-percent", type=int, default=20, show_default=True, help="By how much more often.")
@click.option("--effect-from", type=DAY, metavar="DAY", help="From this day on; needed with --effect-list.")
@click.option("--effect-days", type=int, default=14, show_default=True, help="For so many days.")
@json_option
def command(
    events: int,
    out: Path,
    days: int,
    seed: int,
    end_date: datetime | None,
    customers: int | None,
    skus: int | None,
    garbage_ratio: float,
    has_truth: bool,
    effect_list: Path | None,
    effect_percent: int,
    effect_from: datetime | None,
    effect_days: int,
    is_json: bool,
) -> None:
    """Write the events of a made-up pharmaceutical wholesaler, with the truth beside them.

    OUT/landing is ready for `maidian ingest`, OUT/masters holds products and customers, OUT/truth what was planted.
    Equal options give equal bytes; with a planted effect they differ from its first day on.
    """
    from pipelines.generator.generate import generate
    from pipelines.generator.options import DEFAULT_END_DATE, GeneratorOptions

    last_day: date = end_date.date() if end_date else DEFAULT_END_DATE
    options = GeneratorOptions(
        events=events,
        days=days,
        seed=seed,
        end_date=last_day,
        customers=customers,
        skus=skus,
        garbage_ratio=garbage_ratio,
        has_truth=has_truth,
        effect=_effect(effect_list, effect_percent, effect_from, effect_days),
    )
    with _Display(events, days, is_silent=is_json) as display:
        summary = generate(options, out, on_day=display.report)
    if is_json:
        click.echo(json.dumps({"out": str(out), **asdict(summary)}, ensure_ascii=False))
    else:
        _print(summary, out)


def _effect(file: Path | None, percent: int, first_day: datetime | None, days: int) -> "PlantedEffect | None":
    if file is None:
        return None
    if first_day is None:
        raise UsageError("--effect-list needs --effect-from, the day on which the effect begins")
    from maidian.audiences.customer_file import read_customers
    from pipelines.generator.planted_effect import PlantedEffect

    return PlantedEffect(customer_ids=read_customers(file), percent=percent, first_date=first_day.date(), days=days)


class _Display:
    """How far it is: a bar on a terminal, a line now and then elsewhere, nothing beside JSON."""

    def __init__(self, events: int, days: int, *, is_silent: bool) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("generating"),
            BarColumn(),
            TextColumn("{task.completed:,} events"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=is_silent or not console.is_terminal)
        self._task = self._bar.add_task("generating", total=events)
        self._has_lines = not is_silent and not console.is_terminal
        self._days = days
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def report(self, day: int, events: int) -> None:
        """So many days and events are done."""
        self._bar.update(self._task, completed=events)
        if self._has_lines and time.monotonic() - self._said_at >= SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            click.echo(f"day {day} of {self._days}: {events:,} events", err=True)


def _print(summary: Any, out: Path) -> None:
    click.echo(
        f"{summary.line_count:,} lines = {summary.accepted_count:,} events + {summary.rejected_count:,} to be rejected "
        f"+ {summary.repeated_count:,} repeats, in {summary.segment_count:,} segments "
        f"({summary.byte_count / 1e6:,.1f} MB)"
    )
    for source, counts in summary.by_source.items():
        click.echo(f"  {source}: {counts['line_count']:,} lines")
    click.echo(f"next: maidian ingest --landing {out / 'landing'}")
