"""Runs an oracle written in SQL: DuckDB over the input tables, cast to the declared columns."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from schemas.tables import declared_tables


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """One for all queries: opening costs more than a small query does."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def rows(query: str, table: str, tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The query's rows as the table declares them; `$day` in the query is the day."""
    connection = _connection()
    for name, rows_of_table in tables.items():
        connection.register(name, rows_of_table)
    result = connection.sql(query, params={"day": day}).to_arrow_table()
    schema = declared_tables()[table].file_schema
    columns: list[dict[str, Any]] = result.select(schema.names).cast(schema).to_pylist()
    return columns
