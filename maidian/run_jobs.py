"""Carrying out what `maidian run` and `maidian backfill` ask of the jobs, here or on a Beam runner."""

from datetime import date
from pathlib import Path

from jobs.engine.discovery import find_jobs
from jobs.engine.parts import PART_ROWS
from jobs.engine.run import Request, raise_if_refused, run
from maidian.distribution import check_runner, distribution_on
from maidian.options import Language, beam_options
from maidian.run_display import RunDisplay, print_record
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace
from schemas.settings_file import lake_settings


def run_jobs(
    lake: LakePlace,
    settings_file: Path | None,
    arguments: tuple[str, ...],
    *,
    days: frozenset[date] | None,
    is_forced: bool,
    command: str,
    runner: str | None,
    part_rows: int | None,
    is_json: bool,
    language: Language,
) -> None:
    """Run, show how far it is, print what was done. `arguments` are tables and options of the runner.

    `part_rows`: days that read more are computed in parts; None leaves that to the place they are computed in.
    Raises `RefusedError` when the audit refused a table, and what `run` raises.
    """
    tables, beam_arguments = beam_options(arguments)
    opened = open_lake(lake)
    check_runner(opened, runner)
    jobs = find_jobs(lake_settings(opened.path, settings_file))
    request = Request(tables=tables, days=days, is_forced=is_forced, command=command)
    with RunDisplay(is_json) as display:
        record = run(
            opened,
            jobs,
            request,
            display.report,
            distribute=distribution_on(runner, beam_arguments),
            part_rows=part_rows or (PART_ROWS if runner else None),
        )
    print_record(record, is_json, language)
    raise_if_refused(record)
