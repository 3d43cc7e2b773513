"""One day of a job to one file: exact columns, old files, empty inputs, and the same bytes every time."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.engine import windows
from jobs.engine.catalog import Catalog
from jobs.engine.compute import compute_day
from jobs.engine.dirty import View, look_at
from jobs.engine.scan import scan_days, scan_files
from schemas.errors import MaidianError
from schemas.lake.snapshots import current_snapshot
from schemas.tables.declaration import MONEY, STRING, Column
from tests.jobs.engine.small_shop import CATALOG, DAILY, EVENTS, TABLES, Shop, day


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake (1)")
    shop.put({day(1): [("a", "ann", "o1", 3)], day(2): [("b", "bob", None, 4)], day(3): [("c", "ann", None, 5)]})
    return shop


def view(shop: Shop, catalog: Catalog = CATALOG) -> View:
    return look_at(shop.lake, catalog, DAILY, lambda table: current_snapshot(shop.lake, table))


def test_a_day_is_scanned_with_its_partition_column_first_and_no_other_day(shop: Shop) -> None:
    frame = scan_days(EVENTS, current_snapshot(shop.lake, "events"), [day(2), day(3), day(9)]).collect()
    assert frame.columns == EVENTS.schema.names
    assert frame["event_date"].to_list() == [day(2), day(3)]


def test_no_files_give_an_empty_frame_of_the_declared_columns(shop: Shop) -> None:
    for frame in (scan_days(EVENTS, None, [day(1)]), scan_files(EVENTS, [])):
        assert frame.collect_schema() == pl.Schema(EVENTS.schema)
        assert frame.collect().is_empty()


def test_a_column_declared_later_is_null_in_older_files_and_one_dropped_is_ignored(shop: Shop) -> None:
    money = Column("tax", MONEY, "Tax", "税", is_nullable=True)
    kept = tuple(column for column in EVENTS.columns if column.name != "order_id")
    newer = replace(EVENTS, columns=(*kept, money))
    frame = scan_days(newer, current_snapshot(shop.lake, "events"), [day(1)]).collect()
    assert frame.to_dicts() == [{"event_date": day(1), "event_id": "a", "customer_id": "ann", "amount": 3, "tax": None}]


def test_the_file_holds_the_declared_columns_with_statistics_and_not_the_partition(shop: Shop, tmp_path: Path) -> None:
    staged = compute_day(DAILY, view(shop), day(1), tmp_path)
    assert staged is not None
    file = pq.ParquetFile(staged.path)
    assert file.schema_arrow.names == ["customer_id", "amount"]
    assert file.metadata.row_group(0).column(1).statistics.max == 3
    assert staged.path == tmp_path / f"event_date={day(1)}" / "part-0.parquet"
    assert staged.row_count == 1


def test_a_day_without_input_is_not_computed(shop: Shop, tmp_path: Path) -> None:
    def fail(*_: object) -> pl.LazyFrame:
        raise AssertionError

    assert compute_day(replace(DAILY, compute=fail), view(shop), day(7), tmp_path) is None


def test_a_day_that_comes_out_empty_is_none(shop: Shop, tmp_path: Path) -> None:
    nothing = replace(DAILY, compute=lambda frames, day: DAILY.compute(frames, day).head(0))
    assert compute_day(nothing, view(shop), day(1), tmp_path) is None


def test_wrong_columns_are_named_with_the_job(shop: Shop, tmp_path: Path) -> None:
    wrong = replace(
        DAILY,
        compute=lambda frames, day: (
            DAILY.compute(frames, day).with_columns(pl.col("amount").cast(pl.Int32), extra=1).drop("customer_id")
        ),
    )
    with pytest.raises(MaidianError) as raised:
        compute_day(wrong, view(shop), day(1), tmp_path)
    assert str(raised.value) == (
        "job daily_spends does not make its table: column customer_id is missing; column extra is not declared; "
        "column amount is Int32, declared as Int64; change jobs/daily_spends.py or schemas/tables/daily_spends.py"
    )


MANY_ROWS = """
import sys
from pathlib import Path
import polars as pl
from jobs.engine.compute import compute_day
from jobs.engine.declaration import Input, Job
from dataclasses import replace
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine import test_compute as t
shop = t.Shop(Path(sys.argv[1]))
rows = lambda frames, day: frames["events"].select("customer_id", "amount").sort("customer_id", "amount")
print(compute_day(replace(t.DAILY, compute=rows), t.view(shop), t.day(1), Path(sys.argv[2])).row_count)
"""


def test_the_same_rows_give_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    count = 300_000  # several row groups: Polars cuts them by its threads unless told where
    shop.put({day(1): [(str(n), f"c{n * 7919 % count}", None, n) for n in range(count)]})
    written = []
    for threads in ("1", "2", "5"):
        out = tmp_path / threads
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", MANY_ROWS, str(shop.lake.path), str(out)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout == f"{count}\n", done.stderr
        written.append(next(out.rglob("*.parquet")).read_bytes())
    assert pq.ParquetFile(pa.BufferReader(written[0])).metadata.num_row_groups == 3
    assert written[0] == written[1] == written[2]


def test_a_day_has_the_same_bytes_in_memory_and_as_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(tmp_path / "lake")
    count = 300_000
    shop.put({day(1): [(str(n), f"c{n * 7919 % 1009}", None, n % 100) for n in range(count)]})
    written = []
    for limit in (count, count - 1):
        monkeypatch.setattr(windows, "IN_MEMORY_ROWS", limit)
        staged = compute_day(DAILY, view(shop), day(1), tmp_path / str(limit))
        assert staged is not None
        written.append(staged.path.read_bytes())
    assert written[0] == written[1]


def test_column_order_is_the_declared_one_whatever_the_job_gives(shop: Shop, tmp_path: Path) -> None:
    turned = replace(DAILY, compute=lambda frames, day: DAILY.compute(frames, day).select("amount", "customer_id"))
    staged = compute_day(turned, view(shop), day(1), tmp_path)
    assert staged is not None
    assert pq.read_schema(staged.path).names == TABLES["daily_spends"].file_schema.names
    assert TABLES["daily_spends"].file_schema.field("customer_id").type == STRING
