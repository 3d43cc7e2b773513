"""Committed ranges to the `rejects` table: each refused line once, small files merged, a range in memory at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.ingest.audit import Audit
from pipelines.ingest.parquet import gather_rows, write_rows
from pipelines.ingest.ranges import RangeManifest, name_of, rejects_file
from schemas.lake.lake import Lake
from schemas.lake.publish import Change, NewFile, publish, staged_file
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.lake.storage.environment import polars_options
from schemas.tables.rejects import TABLE

MAX_FILES = 16  # a day's files; past that they are merged, so that a long --follow leaves few


@dataclass(frozen=True)
class _Lines:
    """The refused lines of one range; `is_new` says which the table does not have."""

    path: Path
    is_new: NDArray[np.bool_]


def publish_rejects(
    lake: Lake, cycle: Path, committed: Sequence[RangeManifest], staging: Path, audit: Audit
) -> Snapshot:
    """Add the ranges' refused lines and return the snapshot that holds them.

    A line that the table has already, on any day, is left out: a crash may come between this publish and that of
    `events`, and rolling `events` back makes its ranges come again, perhaps after their segment has grown.
    """
    base = current_snapshot(lake, TABLE.name)
    add: dict[str, list[NewFile]] = {}
    replace: list[str] = []
    for day, ranges in _new_lines(cycle, base, committed).items():
        old = lake.tables.fetch(base.files([day])) if base else []
        if len(old) >= MAX_FILES:
            replace.append(day)
        name = f"part-{name_of(ranges)}.parquet"
        path = staged_file(staging, TABLE, day, name)
        tables = _tables(old if day in replace else [], ranges.values())
        write_rows(gather_rows(tables), path, TABLE.file_schema)
        add[day] = [NewFile(path, name, pq.read_metadata(path).num_rows)]
    if base and not add:
        return base
    kept = {day: lake.tables.fetch(base.files([day])) if base and day not in replace else [] for day in add}
    outcomes = audit(TABLE, {day: [*kept[day], *(file.path for file in add[day])] for day in add})
    return publish(lake, TABLE, base, Change(add=add, replace=replace), {"audit": outcomes}, staging)


def _new_lines(
    cycle: Path, base: Snapshot | None, committed: Sequence[RangeManifest]
) -> Mapping[str, dict[str, _Lines]]:
    """By day and name, the ranges that have a line which the table has not."""
    with_rejects = [manifest for manifest in committed if manifest.rejected_count]
    known = _known_offsets(base, {manifest.range.segment for manifest in with_rejects})
    by_day: dict[str, dict[str, _Lines]] = {}
    for manifest in with_rejects:
        path = rejects_file(cycle, manifest.name)
        is_new = np.ones(manifest.rejected_count, np.bool_)
        if manifest.range.segment in known:
            offsets = pq.read_table(path, columns=["byte_offset"], partitioning=None)["byte_offset"].to_numpy()
            is_new = ~np.isin(offsets, known[manifest.range.segment])
        if is_new.any():
            by_day.setdefault(manifest.received_date.isoformat(), {})[manifest.name] = _Lines(path, is_new)
    return by_day


def _known_offsets(base: Snapshot | None, segments: set[str]) -> dict[str, NDArray[np.int64]]:
    """Where the lines start that the table holds of the segments. A third of a millisecond for each file it has."""
    files = base.files() if base and segments else []
    if not files:
        return {}
    rows = (
        pl.scan_parquet([str(file) for file in files], hive_partitioning=False, glob=False, **polars_options(files[0]))
        .filter(pl.col("segment").is_in(segments))
        .select("segment", "byte_offset")
        .collect()
    )
    return {str(segment): held["byte_offset"].to_numpy() for (segment,), held in rows.group_by("segment")}


def _tables(old: Sequence[Path], added: Iterable[_Lines]) -> Iterator[pa.Table]:
    for path in old:
        file = pq.ParquetFile(path)
        for index in range(file.num_row_groups):
            yield file.read_row_group(index)
    for lines in added:
        table = pq.ParquetFile(lines.path).read()
        yield table if lines.is_new.all() else table.filter(pa.array(lines.is_new))
