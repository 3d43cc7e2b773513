"""Computing one day of a job into one Parquet file: the same inputs give the same bytes."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from jobs.engine.declaration import Job
from jobs.engine.dirty import View
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
    """A day's finished, durable file in its hive folder in staging."""

    day: date
    path: Path
    row_count: int


def compute_day(job: Job, view: View, day: date, folder: Path, windows: Windows | None = None) -> StagedDay | None:
    """Write the day's rows below `folder`; None when there are none. `windows` is shared by the days of a rebuild."""
    windows = windows or Windows(job, view, [day])
    if not windows.has_rows(day):
        return None
    table = view.catalog.tables[job.table]
    rows = job.rows(windows.frames(day), day, view.lake.time_zone)
    _check_columns(table, rows.collect_schema())
    path = folder / f"{table.partition}={day}" / PART_NAME
    path.parent.mkdir(parents=True)
    rows.select(table.file_schema.names).sink_parquet(
        path,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        statistics=True,
        row_group_size=ROW_GROUP_ROWS,
        sync_on_close="all",
    )
    row_count = pq.read_metadata(path).num_rows
    return StagedDay(day, path, row_count) if row_count else None


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
