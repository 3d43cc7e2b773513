"""`maidian backfill`: rebuild a range of days whether dirty or not."""

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from maidian.options import (
    DAY,
    Preferences,
    beam_options,
    json_option,
    lake_option,
    pass_preferences,
    runner_option,
    settings_option,
)
from schemas.errors import UsageError
from schemas.lake.lake import open_lake
from schemas.settings_file import lake_settings


@click.command(
    name="backfill",
    epilog="Options of the Beam runner go after a `--`: maidian backfill --from … --to … --runner flink -- --job_endpoint=host:8099",
)
@lake_option
@settings_option
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first business day.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last business day, it too.")
@runner_option(
    None,
    "Compute the days elsewhere: `embedded`, `flink`, or a Beam runner by its own name. The tables come out the same.",
)
@json_option
@click.argument("arguments", nargs=-1, metavar="[TABLE]... [-- BEAM_OPTION...]")
@pass_preferences
def command(
    preferences: Preferences,
    lake: Path,
    settings_file: Path | None,
    first: datetime,
    last: datetime,
    runner: str | None,
    is_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Rebuild the days of all tables, or of the TABLEs named, whether they are dirty or not.

    Tables that the named ones depend on are brought up to date first, for the days that are needed. What depends on
    the named ones becomes dirty where a day came out differently, and `maidian run` rebuilds it.
    """
    if last < first:
        raise UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}; give the earlier day first")
    from jobs.engine.discovery import find_jobs
    from jobs.engine.run import Request, raise_if_refused, run
    from maidian.distribution import distribution_on
    from maidian.run_display import RunDisplay, print_record

    tables, beam_arguments = beam_options(arguments)

    opened = open_lake(lake)
    jobs = find_jobs(lake_settings(lake, settings_file))
    days = frozenset(_days(first.date(), last.date()))
    request = Request(tables=tables, days=days, is_forced=True, command="backfill")
    with RunDisplay(is_json) as display:
        record = run(opened, jobs, request, display.report, distribute=distribution_on(runner, beam_arguments))
    print_record(record, is_json, preferences.language)
    raise_if_refused(record)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
