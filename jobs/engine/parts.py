"""A day of many rows computed in parts: where it is cut, and putting the parts together.

The day's file comes out with the same bytes whether it was cut or not, and wherever: so a day does not become dirty because
another machine, or another size of parts, made it.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from jobs.engine.compute import StagedDay, compute_part, stage_day
from jobs.engine.declaration import Job
from jobs.engine.dirty import View, days_read
from jobs.engine.division import Divided, Part, equal_parts
from jobs.engine.scan import scan_days

# Of a run on several workers: less would cost more to start and to put together than it gains, and a worker holds as much in
# some 2 GB. In one process a part gains nothing but memory, so nothing is cut unasked.
PART_ROWS = 4_000_000

# Every part reads the keys of the whole day, a fifth of what it costs to read it whole: with more parts than these, reading
# would be most of the work.
MOST_PARTS = 16


def plan_parts(job: Job, view: View, day: date, part_rows: int | None) -> list[Part]:
    """The parts to compute the day in, of about `part_rows` input rows each; none when it is computed whole."""
    if part_rows is None or not isinstance(job.division, Divided):
        return []
    keyed = {read: key for read in job.inputs if (key := job.division.key_of(read)) is not None}
    row_counts = {read: view.row_counts(read.table, days_read(read, [day])) for read in keyed}
    total = sum(sum(counts.values()) for counts in row_counts.values())
    count = min(MOST_PARTS, -(-total // part_rows))
    if count < 2:  # noqa: PLR2004 - one part is the whole
        return []
    largest = max(row_counts, key=lambda read: sum(row_counts[read].values()))
    counts = row_counts[largest]
    # One day tells where the keys lie: of a window of half a year, reading all would cost as much as a part.
    sampled = max(counts, key=lambda one: (one == day, counts[one]))
    rows = scan_days(view.catalog.tables[largest.table], view.inputs[largest.table], [sampled])
    parts = equal_parts(rows.select(keyed[largest].alias("key")).collect()["key"], count)
    return parts if len(parts) > 1 else []


def compute_in_parts(job: Job, view: View, day: date, parts: Sequence[Part], folder: Path) -> StagedDay | None:
    """Compute the day part by part in this process: in the memory that a part takes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{day}-part-{part.number}.parquet" for part in parts]
    for part, path in zip(parts, paths, strict=True):
        compute_part(job, view, day, part, path)
    staged = merge_parts(job, view, day, paths, folder)
    for path in paths:
        path.unlink()
    return staged


def merge_parts(job: Job, view: View, day: date, paths: Sequence[Path], folder: Path) -> StagedDay | None:
    """The day's file of its parts, given in their order; None when none has rows."""
    schema = pl.Schema(view.catalog.tables[job.table].file_schema)
    rows = pl.scan_parquet(list(paths), glob=False, hive_partitioning=False, schema=schema)
    if isinstance(job.division, Divided) and job.division.order_by:
        rows = rows.sort(job.division.order_by)
    return stage_day(job.table, view, day, rows, folder, len(paths))
