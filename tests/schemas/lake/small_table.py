"""A table of two columns and what tests of the lake do to it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.lake.lake import Lake
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.lake.storage.environment import polars_options
from schemas.tables.declaration import COUNT, DATE, Column, Table

NUMBERS = Table(
    name="numbers",
    en="Numbers",
    zh="数",
    grain="one number",
    key=("number",),
    partition="number_date",
    version=1,
    columns=(Column("number_date", DATE, "Day", "日期"), Column("number", COUNT, "Number", "数")),
)


def stage(staging: Path, name: str, numbers: Sequence[int]) -> NewFile:
    """A finished file of numbers."""
    path = staging / f"{len(list(staging.iterdir()))}-{name}"
    pq.write_table(pa.table({"number": pa.array(numbers, pa.int64())}), path)
    return NewFile(path, name, len(numbers))


def put(
    lake: Lake,
    numbers: Mapping[str, Sequence[int]],
    name: str = "part-0.parquet",
    replace: Iterable[str] = (),
    base: Snapshot | None = None,
    *,
    upon_base: bool = False,
) -> Snapshot:
    """Publish one file a day upon `base`, by default (unless `upon_base`: None is a base too) the current snapshot."""
    staging = lake.fresh_staging("run")
    add = {day: [stage(staging, name, values)] for day, values in numbers.items()}
    upon = base if upon_base else base or current_snapshot(lake, "numbers")
    return publish(lake, NUMBERS, upon, Change(add=add, replace=replace), {"made_by": "test"}, staging)


def shown(lake: Lake) -> dict[str, list[int]]:
    """The numbers that `current` shows, by day."""
    days: dict[str, list[int]] = {}
    for path in sorted((lake.path / "numbers" / "current").glob("*/*.parquet")):
        values = pq.ParquetFile(path).read()["number"].to_pylist()
        days.setdefault(path.parent.name.removeprefix("number_date="), []).extend(values)
    return days


def numbers_of(snapshot: Snapshot | None) -> dict[str, list[int]]:
    """The numbers of a snapshot by day, read as the jobs read them."""
    days: dict[str, list[int]] = {}
    assert snapshot is not None
    for value, file in snapshot.each_file():
        at = snapshot.locate(value, file)
        frame = pl.scan_parquet(at, hive_partitioning=False, **polars_options(at)).collect()
        days.setdefault(value, []).extend(frame["number"].to_list())
    return days
