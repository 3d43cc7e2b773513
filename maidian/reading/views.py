"""Every table as a view of a DuckDB database, pinned to the snapshots that are published now.

A view reads the files of one snapshot, so that a query sees one state of a table whatever is published meanwhile. The
files go when the snapshot is collected as garbage (`maidian gc`): hours or days later, never under a short session.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import FileAt
from schemas.tables import declared_log, declared_tables
from schemas.tables.declaration import Column, Table


def connect(lake: Lake, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A connection with a view for each declared table; one without rows where nothing was published yet.

    Instants show in the lake's time zone; their values are UTC. Comments say what tables and columns mean.
    """
    connection = duckdb.connect(database)
    connection.execute(f"SET TimeZone = {_text(lake.time_zone)}")
    connection.execute("SET enable_progress_bar = false")
    tables = declared_tables()
    snapshots = lake.tables.currents(tables)
    for table in tables.values():
        _create_whole_view(connection, table, snapshots[table.name])
        explain(connection, table, "VIEW")
    add_run_log(connection, lake)
    return connection


def create_view(connection: duckdb.DuckDBPyConnection, table: Table, files: Iterable[FileAt]) -> None:
    """Make the view of a table that holds the rows of these files."""
    connection.execute(f"CREATE OR REPLACE VIEW {_name(table.name)} AS {select_statement(table, files)}")


def _create_whole_view(connection: duckdb.DuckDBPyConnection, table: Table, snapshot: Snapshot | None) -> None:
    """Of an object store only what a query asks for is read: those days and columns."""
    if snapshot is None or isinstance(snapshot.directory, Path) or not snapshot.manifest.partitions:
        create_view(connection, table, snapshot.files() if snapshot else [])
        return
    from maidian.reading.object_dataset import dataset_of  # with it come parts of Arrow that no folder needs

    listed = f"objects of {table.name}"
    connection.register(listed, dataset_of(table, snapshot))
    connection.execute(f"CREATE OR REPLACE VIEW {_name(table.name)} AS SELECT {_names(table)} FROM {_name(listed)}")  # noqa: S608


def add_run_log(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the table `runs` of the log as it is now: its file grows, so no view could be pinned to it."""
    from maidian.reading.run_log import run_log  # with it comes Polars, which no other view needs

    log = declared_log()
    connection.register("run_log_now", run_log(lake))
    connection.execute(f"CREATE OR REPLACE TABLE {_name(log.name)} AS FROM run_log_now")
    connection.unregister("run_log_now")
    explain(connection, log, "TABLE")


def copy_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Put tables of the same names and rows in place of the views."""
    for table in declared_tables().values():
        name, half = _name(table.name), _name(f"{table.name} being copied")
        connection.execute(f"CREATE TABLE {half} AS FROM {name}")
        connection.execute(f"DROP VIEW {name}")
        connection.execute(f"ALTER TABLE {half} RENAME TO {name}")
        explain(connection, table, "TABLE")


def explain(connection: duckdb.DuckDBPyConnection, table: Table, kind: str) -> None:
    """Comment on the table and its columns with their meaning in both languages."""
    connection.execute(f"COMMENT ON {kind} {_name(table.name)} IS {_text(f'{table.en} {table.zh}')}")
    for column in table.columns:
        place = f"{_name(table.name)}.{_name(column.name)}"
        connection.execute(f"COMMENT ON COLUMN {place} IS {_text(_meaning(column))}")


def select_statement(table: Table, files: Iterable[FileAt]) -> str:
    """The SQL that reads the files as the declared columns, whatever the files were written with.

    The empty row in front gives every column its type, also one that was declared after all of the files were written.
    """
    nothing = ", ".join(f"NULL::{sql_type(column.type)} AS {_name(column.name)}" for column in table.columns)
    listed = list(files)
    if not listed:
        return f"SELECT {nothing} WHERE false"
    rows = rows_of(table, listed, "union_by_name = true")
    return f"SELECT {_names(table)} FROM (SELECT {nothing} WHERE false UNION ALL BY NAME FROM {rows})"  # noqa: S608 our own names


def plain_statement(table: Table, files: Sequence[FileAt]) -> str:
    """The same, planned in half the time, of files that all hold the columns that are asked for: see `LACKS_COLUMN`."""
    if not files:
        return select_statement(table, files)
    return f"SELECT {_names(table)} FROM {rows_of(table, files)}"  # noqa: S608 our own names


# What DuckDB says of plain reading when the first file, or a later one, lacks a column.
LACKS_COLUMN = (duckdb.BinderException, duckdb.InvalidInputException)


def with_tables(statements: Mapping[str, str], sql: str) -> str:
    """A query over tables that are given by statements; they are planned once, with the query, where views are planned twice."""
    if not statements:
        return sql
    named = ", ".join(f"{_name(name)} AS NOT MATERIALIZED ({one})" for name, one in statements.items())
    own = re.match(r"\s*WITH\b", sql)
    return f"WITH {named}, {sql[own.end() :]}" if own else f"WITH {named} {sql}"


def rows_of(table: Table, files: Iterable[FileAt], *options: str) -> str:
    """The files as DuckDB reads them. Without `union_by_name` all must hold the columns asked for: an error where not."""
    listed = ", ".join(_text(str(file)) for file in files)
    hive = f"hive_partitioning = true, hive_types = {{{_text(table.partition)}: DATE}}"
    return f"read_parquet([{listed}], {', '.join((*options, hive))})"


def sql_type(kind: pa.DataType) -> str:
    """The DuckDB name of a column's type."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f"{_name(field.name)} {sql_type(field.type)}" for field in kind) + ")"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    return SQL_TYPES[kind]


SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.binary(): "BLOB",
}


def _meaning(column: Column) -> str:
    return f"{column.en}{f' [{column.unit}]' if column.unit else ''} {column.zh}"


def _names(table: Table) -> str:
    return ", ".join(_name(column.name) for column in table.columns)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
