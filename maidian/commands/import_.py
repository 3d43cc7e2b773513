"""`maidian import`: files of other shapes into the landing, masters into their tables."""

from pathlib import Path
from typing import Literal

import click

from maidian.options import Preferences, json_option, lake_option, landing_option, pass_preferences
from schemas.errors import UsageError
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace

Master = Literal["skus", "customers"]


@click.command(
    name="import",
    epilog="Mappings that come with maidian: online_retail, otto; of masters: demo_skus, demo_customers. "
    "docs/import.md says how to write one.",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--as",
    "master",
    type=click.Choice(["skus", "customers"]),
    help="FILE is a master, not events: the products or the customers. It replaces the whole table.",
)
@click.option(
    "--mapping",
    metavar="NAME|PATH",
    help="What the columns mean: a mapping that comes with maidian, or a TOML file.",
)
@click.option(
    "--source", metavar="NAME", help="The source in the landing; by default the mapping's, or the file's name."
)
@lake_option
@landing_option
@json_option
@pass_preferences
def command(
    preferences: Preferences,
    files: tuple[Path, ...],
    master: Master | None,
    mapping: str | None,
    source: str | None,
    lake: LakePlace,
    landing: Path,
    is_json: bool,
) -> None:
    """Map files of other shapes into landing: CSV, TSV, NDJSON (each also as .gz), XLSX and Parquet.

    With a mapping every row becomes events, is left out by a rule with a name, or is refused with its reason, and the
    table at the end adds up. Without one, FILE holds events already and its lines are copied byte by byte.

    Importing a file again adds nothing. A file that fails leaves nothing behind; those before it stay imported.

    With --as, FILE is the ERP's list of products or customers, which gives the tables names, brands and regions.
    """
    if master is not None:
        _import_master(preferences, files, master, mapping, source, lake, is_json)
        return
    from maidian.import_display import ImportBar, print_json, print_report
    from pipelines.imports.import_files import ImportPlaces, import_file, prepare_mapping
    from pipelines.imports.input_file import find_input

    prepared = None if mapping is None else prepare_mapping(mapping)
    for file in files:
        find_input(file)  # A name that is wrong is said before the first file is read, not after hours.
    places = ImportPlaces.of(lake if isinstance(lake, Path) else open_lake(lake).path, landing)
    reports = []
    for file in files:
        with ImportBar(file, is_json) as bar:
            reports.append(import_file(file, prepared, source, places, bar.update))
        if not is_json:
            print_report(reports[-1], preferences.language)
    if is_json:
        print_json(reports)


def _import_master(
    preferences: Preferences,
    files: tuple[Path, ...],
    master: Master,
    mapping: str | None,
    source: str | None,
    place: LakePlace,
    is_json: bool,
) -> None:
    """Replace a master by a file."""
    if mapping is None:
        raise UsageError(f"--as {master} needs --mapping: a TOML file, or demo_{master} for the demo's own file")
    if len(files) > 1:
        raise UsageError(f"--as {master} takes one file, which becomes the whole table; {len(files)} were given")
    if source is not None:
        raise UsageError("--source is for events; a master goes into its own table, not into the landing")
    from jobs.engine.audit import audit_partitions
    from maidian.import_display import ImportBar, print_master, print_master_json
    from pipelines.imports.input_file import find_input
    from pipelines.imports.masters.import_master import import_master
    from pipelines.imports.masters.master_mapping import prepare_master

    find_input(files[0])
    prepared, lake = prepare_master(master, mapping), open_lake(place)
    with ImportBar(files[0], is_json) as bar:
        report = import_master(files[0], prepared, lake, audit_partitions, bar.update)
    if is_json:
        print_master_json(report)
    else:
        print_master(report, preferences.language)
