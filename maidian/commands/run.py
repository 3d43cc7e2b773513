"""`maidian run`: rebuild what is dirty."""

from datetime import datetime
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
from schemas.lake.place import LakePlace


@click.command(
    name="run",
    epilog="Options of the Beam runner go after a `--`: maidian run --runner flink -- --job_endpoint=host:8099",
)
@lake_option
@settings_option
@click.option(
    "--as-of",
    type=DAY,
    metavar="DAY",
    help="Only this business day of the tables, and of what they depend on the days that it needs.",
)
@distribution_option
@json_option
@click.argument("arguments", nargs=-1, metavar="[TABLE]... [-- BEAM_OPTION...]")
@pass_preferences
def command(
    preferences: Preferences,
    lake: LakePlace,
    settings_file: Path | None,
    as_of: datetime | None,
    runner: str | None,
    part_rows: int | None,
    is_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Rebuild every dirty day of every table, or of the TABLEs named and of what they depend on.

    A day is dirty when what it is made of has changed. A run that was killed is taken up where it stopped. A table that
    the audit refuses stays as it was, what depends on it waits, and the command ends with exit code 3.
    """
    from maidian.run_jobs import run_jobs

    run_jobs(
        lake,
        settings_file,
        arguments,
        days=frozenset({as_of.date()}) if as_of else None,
        is_forced=False,
        command="run",
        runner=runner,
        part_rows=part_rows,
        is_json=is_json,
        language=preferences.language,
    )
