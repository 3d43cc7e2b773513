"""`maidian run`: rebuild what is dirty."""

from datetime import datetime
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
from schemas.lake.lake import open_lake
from schemas.settings_file import lake_settings


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
    as_of: datetime | None,
    runner: str | None,
    is_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Rebuild every dirty day of every table, or of the TABLEs named and of what they depend on.

    A day is dirty when what it is made of has changed. A run that was killed is taken up where it stopped. A table that
    the audit refuses stays as it was, what depends on it waits, and the command ends with exit code 3.
    """
    from jobs.engine.discovery import find_jobs
    from jobs.engine.run import Request, raise_if_refused, run
    from maidian.distribution import distribution_on
    from maidian.run_display import RunDisplay, print_record

    tables, beam_arguments = beam_options(arguments)

    opened = open_lake(lake)
    jobs = find_jobs(lake_settings(lake, settings_file))
    request = Request(tables=tables, days=frozenset({as_of.date()}) if as_of else None)
    with RunDisplay(is_json) as display:
        record = run(opened, jobs, request, display.report, distribute=distribution_on(runner, beam_arguments))
    print_record(record, is_json, preferences.language)
    raise_if_refused(record)
