"""A table gains a nullable column: old partitions hold nulls, jobs and readers go on, and only new days are rebuilt."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.engine.catalog import Catalog
from jobs.engine.declaration import Frames, Job
from jobs.engine.progress import Progress
from jobs.engine.run import run
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import current_snapshot
from schemas.tables.declaration import COUNT, STRING, Column, Table
from tests.jobs.engine.small_shop import DAILY, EVENTS, SUITES, TABLES, WEEKLY, Shop, day

CHANNEL = Column("channel", STRING, "Channel", "渠道", is_nullable=True)
APP_AMOUNT = Column(
    "app_amount", COUNT, "Amount from the app; null when not known", "来自 App 的金额", is_nullable=True
)


def wider(table: Table, column: Column) -> Table:
    return replace(table, columns=(*table.columns, column))


WIDER = {
    "events": wider(EVENTS, CHANNEL),
    "daily_spends": wider(TABLES["daily_spends"], APP_AMOUNT),
    "weekly_spends": wider(TABLES["weekly_spends"], APP_AMOUNT),
}


def daily_spends(frames: Frames, _day: date) -> pl.LazyFrame:
    from_app = pl.when(pl.col("channel").is_not_null()).then(pl.col("amount") * (pl.col("channel") == "app"))
    return frames["events"].group_by("customer_id").agg(*sums(from_app)).sort("customer_id")


def weekly_spends(frames: Frames, _day: date) -> pl.LazyFrame:
    return frames["daily_spends"].group_by("customer_id").agg(*sums(pl.col("app_amount"))).sort("customer_id")


def sums(from_app: pl.Expr) -> list[pl.Expr]:
    known = from_app.is_not_null().any()
    return [pl.col("amount").sum(), pl.when(known).then(from_app.sum()).alias("app_amount")]


JOBS = (replace(DAILY, compute=daily_spends), replace(WEEKLY, compute=weekly_spends))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three days made before the column was declared."""
    shop = Shop(tmp_path / "lake")
    shop.put({day(n): [(f"e{n}", "ann", None, 10)] for n in range(3)})
    shop.run(jobs=(DAILY, WEEKLY))
    return shop


def put_wider(shop: Shop, when: date, *rows: tuple[str, str, str | None, int, str | None]) -> None:
    table, base, staging = WIDER["events"], current_snapshot(shop.lake, "events"), shop.lake.fresh_staging("ingest")
    columns = [pa.array(values) for values in zip(*rows, strict=True)]
    pq.write_table(pa.table(columns, names=table.file_schema.names).cast(table.file_schema), staging / "wider.parquet")
    add = {str(when): [NewFile(staging / "wider.parquet", f"part-wider-{when}.parquet", len(rows))]}
    publish(shop.lake, table, base, Change(add=add), {}, staging)


def rebuilt(shop: Shop, tables: dict[str, Table] = WIDER, jobs: tuple[Job, ...] = JOBS) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}

    def note(step: Progress) -> None:
        if step.stage == "day":
            days.setdefault(step.table, []).append(step.message[-2:])

    record = run(shop.lake, jobs, None, note, Catalog(tables, SUITES))
    assert record.outcome == "done", record.message
    return days


def rows_in_polars(shop: Shop, table: str) -> list[tuple[str, int, int | None]]:
    pattern = (shop.lake.path / table / "current").resolve() / "*" / "*.parquet"
    frame = pl.scan_parquet(pattern, schema=pl.Schema(WIDER[table].file_schema), missing_columns="insert")
    return sorted(frame.select("customer_id", "amount", "app_amount").collect().rows(), key=str)


def rows_in_duckdb(shop: Shop, table: str) -> list[tuple[str, int, int | None]]:
    pattern = (shop.lake.path / table / "current").resolve() / "*" / "*.parquet"
    rows = f"read_parquet('{pattern}', hive_partitioning = true, union_by_name = true)"
    return sorted(duckdb.sql(f"SELECT customer_id, amount, app_amount FROM {rows}").fetchall(), key=str)


def test_a_new_column_alone_rebuilds_nothing(shop: Shop) -> None:
    assert rebuilt(shop) == {}


def test_a_new_day_has_the_column_and_looks_back_to_days_without_it(shop: Shop) -> None:
    put_wider(shop, day(3), ("e3", "ann", None, 5, "app"), ("e4", "bob", None, 7, "web"), ("e5", "cid", None, 1, None))
    assert rebuilt(shop) == {"daily_spends": ["04"], "weekly_spends": ["04"]}
    expected = [("ann", 10, None)] * 3 + [("ann", 5, 5), ("bob", 7, 0), ("cid", 1, None)]
    assert rows_in_polars(shop, "daily_spends") == rows_in_duckdb(shop, "daily_spends") == sorted(expected, key=str)
    weekly = {("ann", 25, 5), ("bob", 7, 0), ("cid", 1, None)}
    assert weekly <= set(rows_in_polars(shop, "weekly_spends"))
    assert rows_in_duckdb(shop, "weekly_spends") == rows_in_polars(shop, "weekly_spends")


def test_a_late_event_gives_an_old_day_a_file_of_each_form(shop: Shop) -> None:
    put_wider(shop, day(1), ("late", "ann", None, 5, "app"))
    assert rebuilt(shop) == {"daily_spends": ["02"], "weekly_spends": ["02", "03"]}
    assert rows_in_duckdb(shop, "daily_spends") == [("ann", 10, None), ("ann", 10, None), ("ann", 15, 5)]


def test_raising_the_version_gives_every_day_the_column(shop: Shop) -> None:
    newer = {**WIDER, "daily_spends": replace(WIDER["daily_spends"], version=2)}
    assert rebuilt(shop, newer)["daily_spends"] == ["01", "02", "03"]
    snapshot = current_snapshot(shop.lake, "daily_spends")
    assert snapshot is not None
    assert all(pq.read_schema(path).names == ["customer_id", "amount", "app_amount"] for path in snapshot.files())
    assert rows_in_polars(shop, "daily_spends") == [("ann", 10, None)] * 3
