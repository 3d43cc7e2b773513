"""Answering a lookup: which tables, of which days, and one query a section."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from maidian.lookup import customer, query, sku
from maidian.reading.as_of import TablesAsOf, connect_as_of, newest_as_of, tables_in
from maidian.reading.section import Section
from schemas.errors import UsageError
from schemas.lake.lake import Lake

KINDS: dict[str, ModuleType] = {"customer": customer, "sku": sku, "query": query}

CANDIDATES = 10  # of a name that several have; more than a person reads in one line


@dataclass(frozen=True)
class Answer:
    """What was found: of whom, as of which day, and for each section its columns and rows."""

    value: str
    as_of: date
    parts: Sequence[tuple[Section, list[tuple[Any, ...]]]]


def look_up(
    lake: Lake,
    kind: str,
    asked: str,
    *,
    as_of: date | None,
    limit: int,
    engine: Future[duckdb.DuckDBPyConnection] | None = None,
) -> Answer:
    """The answer for an identifier, a name or part of one, or a search term as a person types it.

    UsageError when nothing of that name is known, several are, or no mart was built yet.
    """
    module = KINDS[kind]
    day = newest_as_of(lake, as_of)
    queries = (*module.KNOWN, *(section.sql for section in module.SECTIONS))
    with connect_as_of(lake, day, tables_in(*queries), engine=engine) as tables:
        # No section asks for an hour or a day of an instant. In any other zone DuckDB hands instants over by way of pytz,
        # which opens each of its 600 files first: a tenth of the answer's time.
        tables.connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # It would compare a whole column of every file with the last of the rows to show, to save sorting the few that stay.
        tables.connection.execute("SET GLOBAL disabled_optimizers = 'top_n'")
        value = which(tables, kind, module.KNOWN, as_typed(kind, asked))
        answers = tables.answer_all(module.SECTIONS, value=value, limit=limit, as_of=day)
    zone = ZoneInfo(lake.time_zone)
    parts = zip(module.SECTIONS, answers, strict=True)
    return Answer(value, day, [(section, [_local(row, zone) for row in rows]) for section, rows in parts])


def _local(row: tuple[Any, ...], zone: ZoneInfo) -> tuple[Any, ...]:
    """The row with its instants in the lake's time zone."""
    return tuple(cell.astimezone(zone) if isinstance(cell, datetime) else cell for cell in row)


def as_typed(kind: str, asked: str) -> str:
    """A search term in the form the tables hold; anything else as it is."""
    if kind != "query":
        return asked
    from jobs.wording.normalized import normalized_text

    return normalized_text(asked)


def which(tables: TablesAsOf, kind: str, known: Sequence[str], asked: str) -> str:
    """The identifier meant: itself, where one of the queries knows it, or that of the only name that holds what was asked."""
    for rows in known:
        if tables.ask(f"SELECT id FROM ({rows}) WHERE id = $asked LIMIT 1", {"asked": asked}):  # noqa: S608 our own text
            return asked
    alike = f"FROM ({known[0]}) WHERE contains(lower(name), lower($asked)) ORDER BY id LIMIT {CANDIDATES + 1}"
    found = tables.ask(alike, {"asked": asked})
    if len(found) == 1:
        return str(found[0][0])
    if not found:
        raise UsageError(f"there is no {kind} {asked!r} in the days looked at")
    listed = ", ".join(f"{identifier} {name}" for identifier, name in found[:CANDIDATES])
    more = " and more" if len(found) > CANDIDATES else ""
    raise UsageError(f"{asked!r} is in the names of several; say which by its number: {listed}{more}")
