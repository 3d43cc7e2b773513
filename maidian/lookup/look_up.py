"""Answering a lookup: which tables, of which days, and one query a section."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import duckdb

from maidian.lookup import customer, query, sku
from maidian.lookup.section import Section
from maidian.reading.views import create_view
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.tables import declared_tables
from schemas.tables.declaration import Table

KINDS: dict[str, ModuleType] = {"customer": customer, "sku": sku, "query": query}

# As far as the marts look back with their default settings; what lies before is a question for `maidian sql`.
FACT_DAYS = 180
CANDIDATES = 10  # of a name that several have; more than a person reads in one line


@dataclass(frozen=True)
class Answer:
    """What was found: of whom, as of which day, and for each section its columns and rows."""

    value: str
    as_of: date
    parts: Sequence[tuple[Section, list[tuple[Any, ...]]]]


def look_up(lake: Lake, kind: str, asked: str, *, as_of: date | None, limit: int) -> Answer:
    """The answer for an identifier, a name or part of one, or a search term as a person types it.

    UsageError when nothing of that name is known, several are, or no mart was built yet.
    """
    module = KINDS[kind]
    day = newest_as_of(lake, as_of)
    with connect_as_of(lake, day, tables_in(module.NAMED, *(section.sql for section in module.SECTIONS))) as connection:
        value = which(connection, kind, module.NAMED, as_typed(kind, asked))
        parts = [(section, answer(connection, section, value, limit)) for section in module.SECTIONS]
    return Answer(value, day, parts)


def newest_as_of(lake: Lake, as_of: date | None) -> date:
    """The newest day that the customers' profiles were built for, not after `as_of`."""
    snapshot = current_snapshot(lake, "customer_profiles")
    built = [date.fromisoformat(day) for day in snapshot.manifest.partitions] if snapshot else []
    wanted = [day for day in built if as_of is None or day <= as_of]
    if not wanted:
        when = f" on or before {as_of}; the oldest day there is: {min(built)}" if built else "; run `maidian run`"
        raise UsageError(f"lake {lake.path}: the tables to look things up in are not built{when}")
    return max(wanted)


def tables_in(*queries: str) -> list[Table]:
    """The tables that the queries name: opening the files of all takes longer than an answer."""
    words = {word for query in queries for word in re.findall(r"\w+", query)}
    return [table for table in declared_tables().values() if table.name in words]


@contextmanager
def connect_as_of(lake: Lake, day: date, tables: Sequence[Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose views hold the marts of one day, and the facts of the days up to it.

    A mart that has no such day has no rows: its numbers would be of another day than the rest.
    """
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{lake.time_zone}'")
        connection.execute("SET parquet_metadata_cache = true")  # several queries over the same files
        for table in tables:
            snapshot = current_snapshot(lake, table.name)
            days = [day] if table.is_mart else [day - timedelta(ago) for ago in range(FACT_DAYS)]
            is_reference = table.partition == "imported_date"
            create_view(connection, table, _files(snapshot, None if is_reference else days))
        yield connection


def _files(snapshot: Snapshot | None, days: list[date] | None) -> list[Any]:
    if snapshot is None:
        return []
    return snapshot.files(None if days is None else [day.isoformat() for day in days])


def as_typed(kind: str, asked: str) -> str:
    """A search term in the form the tables hold; anything else as it is."""
    if kind != "query":
        return asked
    import polars as pl

    from jobs.wording.normalized import normalized

    return str(pl.select(normalized(pl.lit(asked))).item())


def which(connection: duckdb.DuckDBPyConnection, kind: str, named: str, asked: str) -> str:
    """The identifier meant: itself, or that of the only name that holds what was asked."""
    known = f"SELECT id, name FROM ({named})"  # noqa: S608 our own text
    uses_value = {"value": asked} if "$value" in named else {}
    if connection.execute(f"{known} WHERE id = $asked LIMIT 1", {"asked": asked, **uses_value}).fetchall():
        return asked
    alike = f"{known} WHERE contains(lower(name), lower($asked)) ORDER BY id LIMIT {CANDIDATES + 1}"
    found = connection.execute(alike, {"asked": asked, **uses_value}).fetchall()
    if len(found) == 1:
        return str(found[0][0])
    if not found:
        raise UsageError(f"there is no {kind} {asked!r} in the days looked at")
    listed = ", ".join(f"{identifier} {name}" for identifier, name in found[:CANDIDATES])
    more = " and more" if len(found) > CANDIDATES else ""
    raise UsageError(f"{asked!r} is in the names of several; say which by its number: {listed}{more}")


def answer(connection: duckdb.DuckDBPyConnection, section: Section, value: str, limit: int) -> list[tuple[Any, ...]]:
    """The rows of a section."""
    parameters = {"value": value, **({"limit": limit} if "$limit" in section.sql else {})}
    rows: list[tuple[Any, ...]] = connection.execute(section.sql, parameters).fetchall()
    return rows
