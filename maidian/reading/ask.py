"""Answering SQL: one query after the other, as a table for people or in a format for programs."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb

from maidian.failures import STORE_IN_TEXT
from schemas.errors import UsageError

# What COPY writes each format with. DuckDB writes values exactly, nested ones too.
COPY_OPTIONS = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "ndjson": "FORMAT json"}
SHOWN_ROWS = 100  # of a table; a person narrows the query, or takes csv

PROMPT, CONTINUED = "maidian> ", "    ...> "
HELP = """End a query with ; and press Enter.
  SHOW TABLES;            the tables         DESCRIBE sku_viewers;   its columns
  .quit or Ctrl-D         leave              .help                   this"""


def ask(connection: duckdb.DuckDBPyConnection, queries: str, shape: str) -> None:
    """Answer each of the queries on standard output. UsageError with DuckDB's reason when one cannot be answered."""
    try:
        for statement in connection.extract_statements(queries):
            _answer(connection, statement.query.strip().rstrip(";"), shape)
    except duckdb.Error as error:
        if STORE_IN_TEXT.search(str(error)):  # not the query's fault
            raise
        raise UsageError(f"SQL: {_one_line(error)}") from error


def ask_in_terminal(connection: duckdb.DuckDBPyConnection, shape: str) -> None:
    """Read queries from the terminal and answer them until the person leaves."""
    import readline  # noqa: F401 gives input() its history and line editing

    click.echo(HELP)
    while (query := _read_query()) is not None:
        if query in (".quit", ".exit"):
            return
        if query == ".help":
            click.echo(HELP)
            continue
        try:
            ask(connection, query, shape)
        except UsageError as error:  # the next try is a line away
            click.echo(str(error), err=True)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


def _read_query() -> str | None:
    """Lines up to one that ends with a semicolon, or one that begins with a dot; None when the person leaves."""
    lines: list[str] = []
    while True:
        try:
            line = input(CONTINUED if lines else PROMPT)
        except EOFError:
            click.echo()
            return None
        except KeyboardInterrupt:  # drops what was typed so far, as in a shell
            click.echo()
            lines = []
            continue
        if not lines and line.strip().startswith("."):
            return line.strip()
        if line.strip():
            lines.append(line)
        if line.rstrip().endswith(";"):
            return "\n".join(lines)


def _answer(connection: duckdb.DuckDBPyConnection, query: str, shape: str) -> None:
    if shape in COPY_OPTIONS:
        _copy(connection, query, COPY_OPTIONS[shape])
        return
    answer = connection.sql(query)
    if answer is not None:
        answer.show(max_rows=SHOWN_ROWS, max_width=shutil.get_terminal_size().columns)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, options: str) -> None:
    """By way of a file: DuckDB would cut standard output to nothing first where that is a file."""
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        connection.execute(f"COPY (FROM ({query})) TO '{answer}' ({options})")
        sys.stdout.flush()
        with answer.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _one_line(error: duckdb.Error) -> str:
    """The reason without the drawing of the place, which takes several lines."""
    return " ".join(line.strip() for line in str(error).split("\n\nLINE")[0].splitlines() if line.strip())
