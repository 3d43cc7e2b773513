"""Reading partitions of a table as one lazy frame of the declared schema, whatever the files were written with."""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import FileAt, polars_options
from schemas.tables.declaration import Table


def scan_days(table: Table, snapshot: Snapshot | None, days: Iterable[date]) -> pl.LazyFrame:
    """The rows of the days, with the partition column; no rows where the table or a day is not there."""
    files = snapshot.files(day.isoformat() for day in days) if snapshot else []
    return scan_files(table, files)


def scan_files(table: Table, files: Sequence[FileAt]) -> pl.LazyFrame:
    """The rows of files that lie in hive folders. Files from before a column was declared hold nulls in it."""
    schema = pl.Schema(table.schema)
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        list(map(str, files)),
        glob=False,  # a path may hold a bracket
        hive_partitioning=True,
        hive_schema={table.partition: pl.Date},
        schema=pl.Schema(table.file_schema),
        missing_columns="insert",
        extra_columns="ignore",
        **polars_options(files[0]),
    ).select(schema.names())
