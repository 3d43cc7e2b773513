"""Publishing rows that a command made: audited before anybody sees them, as the tables of jobs are."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.lake.durable import sync_file
from schemas.lake.lake import Lake
from schemas.lake.publish import Change, NewFile, publish, staged_file
from schemas.lake.snapshots import Snapshot
from schemas.tables.declaration import Table

Audit = Callable[[Table, Mapping[str, Sequence[Path]]], list[dict[str, Any]]]


def publish_rows(
    lake: Lake,
    table: Table,
    base: Snapshot | None,
    rows: pa.Table,
    day: date,
    staging: Path,
    audit: Audit,
    beside: Sequence[Path] = (),
) -> None:
    """Publish the rows as a file of the day's partition: beside the files that it has, or in place of all.

    The audit sees the whole partition. Raises `RefusedError` when it refuses.
    """
    value, name = day.isoformat(), f"part-{len(beside):05}.parquet"
    path = staged_file(staging, table, value, name)
    pq.write_table(rows, path, compression="zstd")
    sync_file(path)
    outcomes = audit(table, {value: [*beside, path]})
    change = Change(add={value: [NewFile(path, name, rows.num_rows)]}, replace=[] if beside else [value])
    publish(lake, table, base, change, {"audit": outcomes}, staging)
