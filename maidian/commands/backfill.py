"""`maidian backfill`: rebuild a range of days whether dirty or not."""

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from maidian.options import (
    DAY,
    Preferences,
    distribution_option,
    json_option,
    lake_option,
    pass_preferences,
    settings_option,
)
from schemas.errors import UsageError
from schemas.lake.place import LakePlace


@click.command(
    name="backfill",
    epilog="Options of the Beam runner go after a `--`: maidian backfill --from … --to … --runner flink -- --job_endpoint=host:8099",
)
@lake_option
@settings_option
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first business day.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last business day, it too.")
@distribution_option
@json_option
@click.argument("arguments", nargs=-1, metavar="[TABLE]... [-- BEAM_OPTION...]")
@pass_preferences
def command(
    preferences: Preferences,
    lake: LakePlace,
    settings_file: Path | None,
    first: datetime,
    last: datetime,
    runner: str | None,
    part_rows: int | None,
    is_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Rebuild the days of all tables, or of the TABLEs named, whether they are dirty or not.

    Tables that the named ones depend on are brought up to date first, for the days that are needed. What depends on
    the named ones becomes dirty where a day came out differently, and `maidian run` rebuilds it.
    """
    if last < first:
        raise UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}; give the earlier day first")
    from maidian.run_jobs import run_jobs

    run_jobs(
        lake,
        settings_file,
        arguments,
        days=frozenset(_days(first.date(), last.date())),
        is_forced=True,
        command="backfill",
        runner=runner,
        part_rows=part_rows,
        is_json=is_json,
        language=preferences.language,
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
