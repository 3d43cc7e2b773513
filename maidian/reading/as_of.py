"""The tables as of one day, and the answers to sections over them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import duckdb

from maidian.reading.engine import start_engine
from maidian.reading.section import Newest, Section
from maidian.reading.views import LACKS_COLUMN, plain_statement, rows_of, select_statement, with_tables
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.lake.storage.environment import FileAt
from schemas.tables import declared_tables
from schemas.tables.declaration import Table

Rows = list[tuple[Any, ...]]

# As far as the marts look back with their default settings; what lies before is a question for `maidian sql`.
FACT_DAYS = 180

# The newest rows of who is busy lie in the first of these days, those of most in the first two parts, of the idle anywhere.
NEWEST_DAYS = (8, 32)

# Planning a query, which of a small one is most, takes one core; DuckDB spreads only the reading of many files over all.
SECTIONS_AT_ONCE = 8

# It reads one column, which every file of the table holds.
COUNTS_BY_DAY = (
    "SELECT event_date, {rows} FROM {files} WHERE {column} = $value GROUP BY event_date ORDER BY event_date DESC"
)

# Its day is when it was last imported; it holds as of any.
REFERENCE_PARTITION = "imported_date"

# What is refused is kept under the day it came, which for files is later than what they tell of.
RECEIVED_PARTITION = "received_date"


@dataclass(frozen=True)
class TablesAsOf:
    """The marts of one day and the facts of the days up to it, each from the snapshot that was published at first.

    A fact has a file for each day, and opening one costs as much as reading a column of it: a question is given
    those of the days that it needs.
    """

    lake: Lake
    connection: duckdb.DuckDBPyConnection
    day: date
    fact_days: int
    snapshots: Mapping[str, tuple[Table, Snapshot | None]]

    def answer_all(self, sections: Sequence[Section], **values: Any) -> list[Rows]:
        """The rows of each section, several sections at once."""
        with ThreadPoolExecutor(SECTIONS_AT_ONCE) as pool:
            return list(pool.map(lambda section: self._apart().answer(section, **values), sections))

    def _apart(self) -> "TablesAsOf":
        """The same with a connection of its own: one answers a question at a time."""
        return replace(self, connection=self.connection.cursor())

    def answer(self, section: Section, **values: Any) -> Rows:
        """The rows of a section, with those of the values that it uses."""
        newest = section.newest_of
        files = {newest.table: self._newest(newest, values)} if newest else {}
        return self.ask(section.sql, values, section.fact_days, files)

    def ask(
        self,
        sql: str,
        values: Mapping[str, Any],
        fact_days: int | None = None,
        files: Mapping[str, Sequence[FileAt]] | None = None,
    ) -> Rows:
        """The rows of a query: over the facts of so many days; over these files of the tables named."""
        given, words = files or {}, words_of(sql)
        read = {
            name: self.lake.tables.fetch(
                given[name] if name in given else self._files(name, fact_days or self.fact_days)
            )
            for name in self.snapshots
            if name in words
        }
        try:
            return self._ask(sql, values, read, plain_statement)
        except LACKS_COLUMN:
            return self._ask(sql, values, read, select_statement)

    def _ask(
        self,
        sql: str,
        values: Mapping[str, Any],
        read: Mapping[str, Sequence[FileAt]],
        statement: Callable[[Table, Sequence[FileAt]], str],
    ) -> Rows:
        statements = {name: statement(self.snapshots[name][0], files) for name, files in read.items()}
        return self._execute(with_tables(statements, sql), values)

    def _files(self, name: str, fact_days: int) -> list[FileAt]:
        table, snapshot = self.snapshots[name]
        first, last = (self.day, self.day) if table.is_mart else (self.day - timedelta(fact_days - 1), self.day)
        if table.partition == RECEIVED_PARTITION:
            last = date.max
        if table.partition == REFERENCE_PARTITION:
            first, last = date.min, date.max
        return files_between(snapshot, first, last)

    def _newest(self, newest: Newest, values: Mapping[str, Any]) -> list[FileAt]:
        """The files of the newest days that hold $limit rows between them, or of all that hold any."""
        table, snapshot = self.snapshots[newest.table]
        found: list[FileAt] = []
        row_count, last = 0, self.day
        for day_count in (*NEWEST_DAYS, self.fact_days):
            first = self.day - timedelta(day_count - 1)
            files = files_between(snapshot, first, last)
            last = first - timedelta(1)
            if not files:
                continue
            listed = rows_of(table, self.lake.tables.fetch(files))
            sql = COUNTS_BY_DAY.format(rows=newest.rows, files=listed, column=newest.column)
            for day, count in self._execute(sql, values):
                found += files_between(snapshot, day, day)
                row_count += count
                if row_count >= values["limit"]:
                    return found
        return found

    def _execute(self, sql: str, values: Mapping[str, Any]) -> Rows:
        used = {name: value for name, value in values.items() if f"${name}" in sql}
        rows: Rows = self.connection.execute(sql, used).fetchall()
        return rows


@contextmanager
def connect_as_of(
    lake: Lake,
    day: date,
    tables: Sequence[Table],
    fact_days: int = FACT_DAYS,
    engine: Future[duckdb.DuckDBPyConnection] | None = None,
) -> Iterator[TablesAsOf]:
    """The marts of one day, and the facts of the `fact_days` days that end with it.

    A mart that has no such day has no rows: its numbers would be of another day than the rest. `engine` is one that was
    started before (`start_engine`); it is closed at the end.
    """
    engine = engine or start_engine()
    seen = lake.tables.currents(table.name for table in tables)
    snapshots = {table.name: (table, seen[table.name]) for table in tables}
    with engine.result() as connection:
        connection.execute(f"SET GLOBAL TimeZone = '{lake.time_zone}'")
        connection.execute("SET GLOBAL parquet_metadata_cache = true")  # several queries over the same files
        yield TablesAsOf(lake, connection, day, fact_days, snapshots)


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
    words = words_of(*queries)
    return [table for table in declared_tables().values() if table.name in words]


def words_of(*queries: str) -> set[str]:
    """Every word of the queries; the names of tables are among them."""
    return {word for query in queries for word in re.findall(r"\w+", query)}


def files_between(snapshot: Snapshot | None, first: date, last: date) -> list[FileAt]:
    """The files of the partitions from one day to another, both included; none where nothing was published."""
    if snapshot is None:
        return []
    return snapshot.files(day for day in snapshot.manifest.partitions if first <= date.fromisoformat(day) <= last)
