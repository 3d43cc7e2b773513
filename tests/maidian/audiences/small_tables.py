"""A few rows of the tables that lists are made from, as a DuckDB connection; columns not given hold nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from maidian.audiences.decide import SHARED_TABLES
from schemas.tables import declared_tables

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

AS_OF = date(2026, 11, 20)
EXPORTED = date(2026, 11, 21)
TABLES = {*SHARED_TABLES, "customer_interests", "sku_viewers"}


@contextmanager
def connect(tables: Tables) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one connection of the test run, with these rows: opening one takes longer than an example."""
    connection = _connection()
    assert tables.keys() <= TABLES
    for name in TABLES:
        nothing, schema = _empty_row(name)
        rows = [nothing | row for row in tables.get(name, ())]
        assert all(len(row) == len(nothing) for row in rows), name
        connection.register(name, pa.Table.from_pylist(rows, schema=schema))
    yield connection


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    connection.execute("SET threads = 1")
    return connection


@cache
def _empty_row(name: str) -> tuple[dict[str, Any], pa.Schema]:
    schema = declared_tables()[name].schema
    return {field.name: _nothing(field.type) for field in schema}, schema


def _nothing(kind: pa.DataType) -> Any:
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return 0
    if pa.types.is_boolean(kind):
        return False
    return [] if pa.types.is_list(kind) else None
