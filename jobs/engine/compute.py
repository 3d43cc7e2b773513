"""Computing one day of a job into one Parquet file: the same inputs give the same bytes."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow.parquet as pq

from jobs.engine.declaration import Frames, Job
from jobs.engine.dirty import View
from jobs.engine.division import Divided, Part, frames_of_part
from jobs.engine.windows import Windows
from schemas.errors import MaidianError
from schemas.tables.declaration import Table

PART_NAME = "part-0.parquet"

# Fixed, or Polars cuts row groups by the number of its threads and the moment, and equal days get unequal bytes.
ROW_GROUP_ROWS = 131_072

# Of zstd: written in two thirds of the time of the default level 3, and 4 to 16 % larger.
COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class StagedDay:
    """A day's finished, durable file in its hive folder in staging, and in how many parts it was computed."""

    day: date
    path: Path
    row_count: int
    part_count: int = 1


def compute_day(job: Job, view: View, day: date, folder: Path, windows: Windows | None = None) -> StagedDay | None:
    """Write the day's rows below `folder`; None when there are none. `windows` is shared by the days of a rebuild."""
    windows = windows or Windows(job, view, [day])
    if not windows.has_rows(day):
        return None
    rows = _rows(job, view, day, windows.frames(day))
    if windows.has_few_rows(day):
        rows = rows.collect(engine="in-memory").lazy()
    return stage_day(job.table, view, day, rows, folder)


def compute_part(job: Job, view: View, day: date, part: Part, path: Path) -> None:
    """Write one part of the day's rows, for `stage_day` to put together with the others."""
    if not isinstance(job.division, Divided):
        raise TypeError(f"job {job.table} is not divided")
    frames = frames_of_part(job.division, job.inputs, Windows(job, view, [day]).frames(day), part)
    _write(_rows(job, view, day, frames), path, compression="lz4")  # read once, and soon


def stage_day(
    table: str, view: View, day: date, rows: pl.LazyFrame, folder: Path, part_count: int = 1
) -> StagedDay | None:
    """Write rows as the day's file below `folder`; None when there are none."""
    path = folder / f"{view.catalog.tables[table].partition}={day}" / PART_NAME
    path.parent.mkdir(parents=True)
    _write(rows, path, compression="zstd", level=COMPRESSION_LEVEL)
    row_count = pq.read_metadata(path).num_rows
    return StagedDay(day, path, row_count, part_count) if row_count else None


def _rows(job: Job, view: View, day: date, frames: Frames) -> pl.LazyFrame:
    table = view.catalog.tables[job.table]
    rows = job.rows(frames, day, view.lake.time_zone)
    _check_columns(table, rows.collect_schema())
    return rows.select(table.file_schema.names)


def _write(rows: pl.LazyFrame, path: Path, compression: Literal["zstd", "lz4"], level: int | None = None) -> None:
    rows.sink_parquet(
        path,
        compression=compression,
        compression_level=level,
        statistics=True,
        row_group_size=ROW_GROUP_ROWS,
        sync_on_close="all",
    )


def _check_columns(table: Table, computed: pl.Schema) -> None:
    declared = pl.Schema(table.file_schema)
    faults = [
        *(f"column {name} is missing" for name in declared if name not in computed),
        *(f"column {name} is not declared" for name in computed if name not in declared),
        *(
            f"column {name} is {computed[name]}, declared as {kind}"
            for name, kind in declared.items()
            if name in computed and computed[name] != kind
        ),
    ]
    if faults:
        raise MaidianError(
            f"job {table.name} does not make its table: {'; '.join(faults)}; "
            f"change jobs/{table.name}.py or schemas/tables/{table.name}.py"
        )
