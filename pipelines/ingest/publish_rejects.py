"""Committed ranges to the `rejects` table: each day's refused lines, none twice, small files merged."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.ingest.audit import Audit
from pipelines.ingest.parquet import write_rows
from pipelines.ingest.ranges import RangeManifest, name_of, rejects_file
from schemas.lake.lake import Lake
from schemas.lake.publish import Change, NewFile, publish, staged_file
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.tables.rejects import TABLE

MAX_FILES = 16  # a day's files; past that they are merged, so that a long --follow leaves few


def publish_rejects(lake: Lake, committed: Sequence[RangeManifest], staging: Path, audit: Audit) -> Snapshot:
    """Add the ranges' refused lines and return the snapshot that holds them.

    A line that the table has already is left out: a crash may come between this publish and that of `events`, and
    rolling `events` back makes its ranges come again.
    """
    base = current_snapshot(lake, TABLE.name)
    by_day: dict[str, list[RangeManifest]] = {}
    for manifest in committed:
        if manifest.rejected_count:
            by_day.setdefault(manifest.received_date.isoformat(), []).append(manifest)
    add: dict[str, list[NewFile]] = {}
    replace: list[str] = []
    for day, manifests in by_day.items():
        old = base.files([day]) if base else []
        rows = _new_rows(old, [rejects_file(lake.path, manifest.name) for manifest in manifests])
        if not rows.height:
            continue
        if len(old) >= MAX_FILES:
            rows = pl.concat([pl.read_parquet(old, hive_partitioning=False), rows])
            replace.append(day)
        name = f"part-{name_of(manifest.name for manifest in manifests)}.parquet"
        path = staged_file(staging, TABLE, day, name)
        write_rows([rows.to_arrow().cast(TABLE.file_schema)], path, TABLE.file_schema)
        add[day] = [NewFile(path, name, rows.height)]
    if base and not add:
        return base
    kept = {day: base.files([day]) if base and day not in replace else [] for day in add}
    outcomes = audit(TABLE, {day: [*kept[day], *(file.path for file in add[day])] for day in add})
    return publish(lake, TABLE, base, Change(add=add, replace=replace), {"audit": outcomes}, staging)


def _new_rows(old: list[Path], added: list[Path]) -> pl.DataFrame:
    rows = pl.read_parquet(added, hive_partitioning=False)
    if not old:
        return rows
    key = list(TABLE.key)
    return rows.join(pl.read_parquet(old, columns=key, hive_partitioning=False), on=key, how="anti")
