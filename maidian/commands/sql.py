"""`maidian sql`: SQL over every table."""

import sys
from pathlib import Path

import click

from maidian.options import lake_option
from schemas.errors import UsageError
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace

FORMATS = ("table", "csv", "json", "ndjson")


@click.command(name="sql")
@lake_option
@click.option("-c", "queries", multiple=True, metavar="QUERY", help="Answer this and end; more than once if need be.")
@click.option(
    "--format", "shape", type=click.Choice(FORMATS), default="table", show_default=True, help="How answers are printed."
)
@click.option(
    "--save",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a DuckDB database with the views, for other tools to open.",
)
@click.option("--copy", "is_copied", is_flag=True, help="With --save: the rows themselves, not views of the lake.")
@click.option("--replace", "is_replaced", is_flag=True, help="With --save: the file may be there already.")
def command(
    lake: LakePlace, queries: tuple[str, ...], shape: str, database: Path | None, is_copied: bool, is_replaced: bool
) -> None:
    """Ask in SQL: every table is a DuckDB view of what is published now.

    Without -c and --save it reads queries from the terminal, or from standard input when that is none. The views stay
    as they are while you ask, whatever is published meanwhile. Instants show in the lake's time zone. docs/tables.md
    says what the columns mean; so does `SELECT * FROM duckdb_columns()`, in its column `comment`.
    """
    from maidian.reading.ask import ask, ask_in_terminal
    from maidian.reading.save_database import save_database
    from maidian.reading.views import connect

    opened = open_lake(lake)
    if database is not None:
        if queries:
            raise UsageError("--save and -c exclude each other; leave one out")
        for line in save_database(opened, database, is_copied=is_copied, is_replaced=is_replaced):
            click.echo(line)
        return
    if is_copied or is_replaced:
        raise UsageError("--copy and --replace say how to --save; name a file with --save FILE")
    with connect(opened) as connection:
        if queries:
            for query in queries:
                ask(connection, query, shape)
        elif sys.stdin.isatty():
            ask_in_terminal(connection, shape)
        else:
            ask(connection, sys.stdin.read(), shape)
