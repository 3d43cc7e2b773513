"""Committed ranges to the `events` table: repeats dropped, rows gathered by business day, one snapshot.

An event id that any range, day or run has brought before is a repeat; the first in the order of landing stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.ingest.audit import Audit
from pipelines.ingest.event_ids import add_run, are_known, first_of_each
from pipelines.ingest.parquet import gather_rows, write_rows
from pipelines.ingest.progress import INDEX, Outcome, Progress, add_progress, read_progress
from pipelines.ingest.ranges import RangeManifest, events_file, ids_file, name_of
from schemas.lake.lake import Lake
from schemas.lake.publish import Change, NewFile, publish, staged_file
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.tables.events import TABLE

# A day's files; past that they are merged. Few enough for a reader, many enough that --follow seldom rewrites a day.
MAX_FILES = 8

_NO_LINES = np.empty((0, 3), np.uint64)


@dataclass(frozen=True)
class _Slice:
    """The rows of one day in one range's file; `is_kept` says which are no repeats."""

    file: pq.ParquetFile
    index: int
    is_kept: NDArray[np.bool_]


def index_folder(lake: Lake) -> Path:
    """Where the immutable files that `events` snapshots name lie: id runs and progress."""
    return lake.path / INDEX


def published_progress(lake: Lake) -> Progress:
    """How far each segment is in the table, and what came of its lines."""
    snapshot = current_snapshot(lake, TABLE.name)
    files = snapshot.manifest.state.get("progress", []) if snapshot else []
    lake.kept.recall(f"{INDEX}/{name}" for name in files)
    return read_progress(index_folder(lake), files)


def publish_events(
    lake: Lake, cycle: Path, committed: Sequence[RangeManifest], staging: Path, audit: Audit
) -> tuple[Snapshot, list[Outcome]]:
    """Add the ranges' events and return the snapshot, with what came of each range's lines by source."""
    base = current_snapshot(lake, TABLE.name)
    state = dict(base.manifest.state) if base else {}
    lines = [np.load(ids_file(cycle, m.name)) if m.accepted_count else _NO_LINES for m in committed]
    lake.kept.recall(_index_names(state))
    digests = np.concatenate([_NO_LINES, *lines])[:, :2]
    is_new = first_of_each(digests) & ~are_known(digests, index_folder(lake), state.get("id_runs", []))
    kept_by_range = _kept_rows(lines, is_new)
    outcomes = _outcomes(committed, is_new)

    add: dict[str, list[NewFile]] = {}
    replace: list[str] = []
    name = f"part-{name_of(manifest.name for manifest in committed)}.parquet"
    for day, slices in _slices_by_day(cycle, committed, kept_by_range).items():
        old = lake.tables.fetch(base.files([day])) if base else []
        if len(old) >= MAX_FILES:
            replace.append(day)
        tables = _tables(old if day in replace else [], slices)
        path = staged_file(staging, TABLE, day, name)
        write_rows(gather_rows(tables), path, TABLE.file_schema)
        add[day] = [NewFile(path, name, pq.read_metadata(path).num_rows)]

    kept_files = {day: lake.tables.fetch(base.files([day])) if base and day not in replace else [] for day in add}
    before = _index_names(state)
    state["audit"] = audit(TABLE, {day: [*kept_files[day], *(f.path for f in add[day])] for day in add})
    state["id_runs"] = add_run(digests[is_new], index_folder(lake), state.get("id_runs", []))
    state["progress"] = add_progress(index_folder(lake), state.get("progress", []), outcomes)
    lake.kept.keep(sorted(_index_names(state) - before))
    return publish(lake, TABLE, base, Change(add=add, replace=replace), state, staging), outcomes


def _index_names(state: Mapping[str, Any]) -> set[str]:
    return {f"{INDEX}/{name}" for name in (*state.get("id_runs", []), *state.get("progress", []))}


def _kept_rows(lines: Sequence[NDArray[np.uint64]], is_new: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """For each range, which rows of its file are no repeats; `is_new` is in the order of all lines."""
    kept = []
    start = 0
    for of_range in lines:
        rows = np.empty(len(of_range), np.bool_)
        rows[of_range[:, 2]] = is_new[start : start + len(of_range)]
        kept.append(rows)
        start += len(of_range)
    return kept


def _outcomes(committed: Sequence[RangeManifest], is_new: NDArray[np.bool_]) -> list[Outcome]:
    """What came of each range's lines, by source; `is_new` is in the order of all lines."""
    outcomes = []
    start = 0
    for manifest in committed:
        for number, lines in enumerate(manifest.sources):
            kept = int(is_new[start : start + lines.accepted_count].sum())
            start += lines.accepted_count
            outcomes.append(
                Outcome(
                    source=lines.source,
                    segment=manifest.range.segment,
                    end=manifest.read_until,
                    line_count=lines.line_count,
                    accepted_count=kept,
                    repeated_count=lines.accepted_count - kept,
                    rejected=dict(lines.rejected),
                    missing_count=0 if number else manifest.missing_count,
                )
            )
    return outcomes


def _slices_by_day(
    cycle: Path, committed: Sequence[RangeManifest], kept_by_range: Sequence[NDArray[np.bool_]]
) -> Mapping[str, list[_Slice]]:
    """For each day that gains a row, where its new rows are, in the order of landing."""
    by_day: dict[str, list[_Slice]] = {}
    for manifest, is_kept in zip(committed, kept_by_range, strict=True):
        if not is_kept.any():
            continue
        file = pq.ParquetFile(events_file(cycle, manifest.name))
        start = 0
        for slice_ in manifest.days:
            of_day = is_kept[start : start + slice_.row_count]
            start += slice_.row_count
            if of_day.any():
                by_day.setdefault(slice_.day.isoformat(), []).append(_Slice(file, slice_.index, of_day))
    return dict(sorted(by_day.items()))


def _tables(old: Sequence[Path], slices: Sequence[_Slice]) -> Iterator[pa.Table]:
    for path in old:
        file = pq.ParquetFile(path)
        for index in range(file.num_row_groups):
            yield _with_all_columns(file.read_row_group(index))
    for slice_ in slices:
        table = slice_.file.read_row_group(slice_.index)
        yield table if slice_.is_kept.all() else table.filter(pa.array(slice_.is_kept))


def _with_all_columns(table: pa.Table) -> pa.Table:
    """Rows written before a column was declared hold nulls in it."""
    columns = [
        table[f.name] if f.name in table.column_names else pa.nulls(table.num_rows, f.type) for f in TABLE.file_schema
    ]
    return pa.table(columns, schema=TABLE.file_schema)
