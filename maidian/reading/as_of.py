"""The tables as of one day, and the answers to sections over them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import duckdb

from maidian.reading.section import Section
from maidian.reading.views import create_view
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.lake.storage.environment import FileAt
from schemas.tables import declared_tables
from schemas.tables.declaration import Table

# As far as the marts look back with their default settings; what lies before is a question for `maidian sql`.
FACT_DAYS = 180

# Its day is when it was last imported; it holds as of any.
REFERENCE_PARTITION = "imported_date"

# What is refused is kept under the day it came, which for files is later than what they tell of.
RECEIVED_PARTITION = "received_date"


def newest_as_of(lake: Lake, as_of: date | None) -> date:
    """The newest day that the customers' profiles were built for, not after `as_of`."""
    snapshot = current_snapshot(lake, "customer_profiles")
    built = [date.fromisoformat(day) for day in snapshot.manifest.partitions] if snapshot else []
    wanted = [day for day in built if as_of is None or day <= as_of]
    if not wanted:
        when = f" on or before {as_of}; the oldest day there is: {min(built)}" if built else "; run `maidian run`"
        raise UsageError(f"lake {lake.name}: the tables to look things up in are not built{when}")
    return max(wanted)


def tables_in(*queries: str) -> list[Table]:
    """The tables that the queries name: opening the files of all takes longer than an answer."""
    words = {word for query in queries for word in re.findall(r"\w+", query)}
    return [table for table in declared_tables().values() if table.name in words]


@contextmanager
def connect_as_of(
    lake: Lake, day: date, tables: Sequence[Table], fact_days: int = FACT_DAYS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose views hold the marts of one day, and the facts of the `fact_days` days that end with it.

    A mart that has no such day has no rows: its numbers would be of another day than the rest.
    """
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{lake.time_zone}'")
        connection.execute("SET parquet_metadata_cache = true")  # several queries over the same files
        for table in tables:
            snapshot = current_snapshot(lake, table.name)
            create_view(connection, table, lake.tables.fetch(_files(table, snapshot, day, fact_days)))
        yield connection


def _files(table: Table, snapshot: Snapshot | None, day: date, fact_days: int) -> list[FileAt]:
    first, last = (day, day) if table.is_mart else (day - timedelta(fact_days - 1), day)
    if table.partition == RECEIVED_PARTITION:
        last = date.max
    if table.partition == REFERENCE_PARTITION:
        first, last = date.min, date.max
    return files_between(snapshot, first, last)


def files_between(snapshot: Snapshot | None, first: date, last: date) -> list[FileAt]:
    """The files of the partitions from one day to another, both included; none where nothing was published."""
    if snapshot is None:
        return []
    return snapshot.files(day for day in snapshot.manifest.partitions if first <= date.fromisoformat(day) <= last)


SINCE = """
    WITH days AS (SELECT event_date, count(*) AS row_count FROM {table} WHERE {column} = $value GROUP BY event_date),
    reached AS (SELECT event_date, sum(row_count) OVER (ORDER BY event_date DESC) - row_count AS later_count FROM days)
    SELECT min(event_date) FROM reached WHERE later_count < $limit
"""


def answer(connection: duckdb.DuckDBPyConnection, section: Section, **values: object) -> list[tuple[Any, ...]]:
    """The rows of a section, with those of the values that it uses."""
    if section.newest_of:
        table, column = section.newest_of
        found = _ask(connection, SINCE.format(table=table, column=column), values)
        values = {**values, "since": found[0][0]}
        if values["since"] is None:
            return []
    return _ask(connection, section.sql, values)


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    rows: list[tuple[Any, ...]] = connection.execute(sql, used).fetchall()
    return rows
