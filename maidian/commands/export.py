"""`maidian export`: a list for marketing, with the reason for every row."""

from datetime import datetime
from pathlib import Path

import click

from maidian.command_log import note_rows
from maidian.options import DAY, Preferences, json_option, lake_option, pass_preferences
from schemas.errors import UsageError
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace


@click.command(name="export")
@lake_option
@click.argument("audience", required=False)
@click.option("--list", "is_listing", is_flag=True, help="Show the audiences there are, and export nothing.")
@click.option("--as-of", type=DAY, metavar="DAY", help="The day the tables are of. [default: newest]")
@click.option("--on", "exported_on", type=DAY, metavar="DAY", help="The day the list goes out on. [default: today]")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["csv", "xlsx", "parquet", "ndjson"]),
    default="csv",
    show_default=True,
    help="Of both files.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="exports",
    show_default=True,
    help="The folder the files go into.",
)
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="<lake>/exports.toml",
    help="What every list leaves out: suppression, consent, caps, holdout.",
)
@click.option("--try", "is_trial", is_flag=True, help="Count only: no file, no entry in the log, nobody drawn.")
@json_option
@pass_preferences
def command(
    preferences: Preferences,
    lake: LakePlace,
    audience: str | None,
    is_listing: bool,
    as_of: datetime | None,
    exported_on: datetime | None,
    shape: str,
    folder: Path,
    rules_file: Path | None,
    is_trial: bool,
    is_json: bool,
) -> None:
    """Write a list for marketing: who is in it and why, and in a second file who was removed and why.

    AUDIENCE is the name of a definition that comes with maidian or lies in <lake>/audiences, or a TOML file;
    docs/audiences.md says how to write one. Rows in the list and rows removed are the rows that matched.

    Each export goes into the table export_log, with those removed and held out. The same export on the same day writes the
    same bytes and is logged once.
    """
    from jobs.engine.audit import audit_partitions
    from maidian.audiences.export import business_day, export
    from maidian.audiences.export_rules import read_export_rules
    from maidian.audiences.load_audience import load_audience
    from maidian.audiences.pinned_tables import newest_day
    from maidian.audiences.report import Request
    from maidian.audiences.show import print_audiences, print_report

    opened = open_lake(lake)
    if is_listing:
        if audience is not None:
            raise UsageError("--list shows all audiences; leave AUDIENCE or --list out")
        print_audiences(opened, is_json=is_json, language=preferences.language)
        return
    if audience is None:
        raise UsageError("which audience? name one, or see them with `maidian export --list`")
    definition = load_audience(opened, audience)
    rules = read_export_rules(opened, rules_file)
    request = Request(
        as_of=as_of.date() if as_of else newest_day(opened),
        exported_date=exported_on.date() if exported_on else business_day(opened),
        shape=shape,  # type: ignore[arg-type] # click holds it to the four
        language=preferences.language,
        folder=folder,
        is_trial=is_trial,
    )
    report, is_new = export(opened, definition, rules, request, audit_partitions)
    note_rows(report.listed_row_count)
    print_report(report, folder, is_new=is_new, is_trial=is_trial, is_json=is_json, language=preferences.language)
