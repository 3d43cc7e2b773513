"""Rows as a person writes them, made into the frames a job reads.

A column left out is null, but for what the contract gives by itself. Instants are RFC 3339, dates ISO, money a string.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa

from jobs.engine.declaration import Job
from schemas.tables import declared_tables

Row = Mapping[str, Any]

TIME_ZONE = "Asia/Shanghai"

GIVEN = {"placed_by": "customer", "channel": "web", "landing_source": "shop"}


def table_of(name: str, rows: Iterable[Row]) -> pa.Table:
    """The rows as the table declares them, the partition column too. An unknown column is an error."""
    schema = declared_tables()[name].schema
    return pa.Table.from_pylist([_typed(row, schema) for row in rows], schema=_all_nullable(schema))


def frames_for(job: Job, tables: Mapping[str, pa.Table], day: date) -> dict[str, pl.LazyFrame]:
    """What the engine hands the job for that day: of each input the declared days and no others, of a reference all."""
    frames = {}
    for source in job.inputs:
        partition = pl.col(declared_tables()[source.table].partition)
        first, last = day - timedelta(source.look_back_days), day + timedelta(source.look_ahead_days)
        frame = pl.DataFrame(tables.get(source.table, table_of(source.table, [])))
        in_window = pl.lit(value=True) if source.is_reference else partition.is_between(first, last)
        needed = (job.needed or {}).get(source.table, _everything)
        frames[source.table] = needed(frame.lazy().filter(in_window), [day])
    return frames


def computed(job: Job, tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The job's rows for the day; their types and never-null columns are those declared."""
    frame = job.rows(frames_for(job, tables, day), day, TIME_ZONE).collect()
    schema = declared_tables()[job.table].file_schema
    assert frame.schema == pl.DataFrame(schema.empty_table()).schema
    for field in schema:
        assert field.nullable or frame[field.name].null_count() == 0, f"{field.name} is null"
    return frame.to_dicts()


def made_by(job: Job, tables: Mapping[str, pa.Table], days: Iterable[date]) -> pa.Table:
    """The job's rows of these days, as a table that other jobs read."""
    partition = declared_tables()[job.table].partition
    return table_of(job.table, [{**row, partition: day} for day in days for row in computed(job, tables, day)])


def _everything(frame: pl.LazyFrame, _days: list[date]) -> pl.LazyFrame:
    return frame


def _typed(row: Row, schema: pa.Schema) -> dict[str, Any]:
    unknown = set(row) - set(schema.names)
    assert not unknown, f"no such columns: {unknown}"
    given: dict[str, Any] = {name: value for name, value in GIVEN.items() if name in schema.names}
    if "client_at" in schema.names:
        given["client_at"] = row["occurred_at"]
    return {name: _value(value, schema.field(name).type) for name, value in {**given, **row}.items()}


def _value(value: Any, kind: pa.DataType) -> Any:
    """The Python value of a JSON value. What is no JSON text already is left alone."""
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [_value(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return {name: _value(item, kind.field(name).type) for name, item in value.items()}
    if pa.types.is_timestamp(kind) and isinstance(value, str):
        return datetime.fromisoformat(value)
    if pa.types.is_date(kind) and isinstance(value, str):
        return date.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    return value


def _all_nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in schema])
