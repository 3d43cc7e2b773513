"""`maidian import`: files of other shapes into the landing."""

from pathlib import Path

import click

from maidian.options import Settings, json_option, lake_option, landing_option, pass_settings


@click.command(
    name="import",
    epilog="Mappings that come with maidian: online_retail, otto. docs/import.md says how to write one.",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
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
@pass_settings
def command(
    settings: Settings,
    files: tuple[Path, ...],
    mapping: str | None,
    source: str | None,
    lake: Path,
    landing: Path,
    is_json: bool,
) -> None:
    """Map files of other shapes into landing: CSV, TSV, NDJSON (each also as .gz), XLSX and Parquet.

    With a mapping every row becomes events, is left out by a rule with a name, or is refused with its reason, and the
    table at the end adds up. Without one, FILE holds events already and its lines are copied byte by byte.

    Importing a file again adds nothing. A file that fails leaves nothing behind; those before it stay imported.
    """
    from maidian.import_display import ImportBar, print_json, print_report
    from pipelines.imports.import_files import ImportPlaces, import_file, prepare_mapping
    from pipelines.imports.input_file import find_input

    prepared = None if mapping is None else prepare_mapping(mapping)
    for file in files:
        find_input(file)  # A name that is wrong is said before the first file is read, not after hours.
    places = ImportPlaces.of(lake, landing)
    reports = []
    for file in files:
        with ImportBar(file, is_json) as bar:
            reports.append(import_file(file, prepared, source, places, bar.update))
        if not is_json:
            print_report(reports[-1], settings.language)
    if is_json:
        print_json(reports)
