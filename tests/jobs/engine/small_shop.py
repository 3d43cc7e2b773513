"""A shop of three small jobs over a real lake, for tests of the engine.

    events  ->  daily_spends   one row a customer and day: what was spent
                weekly_spends  one row a customer as of a day: what was spent in the three days that end with it
    events  ->  late_orders    one row an order, on the first day it has an event within three days: all it came to

`late_orders` says itself which days a changed day touches.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.engine.catalog import Catalog
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided, Undivided
from jobs.engine.history import RunRecord
from jobs.engine.progress import Report, be_silent
from jobs.engine.run import Request, run
from schemas.lake.lake import Lake, create_lake
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.tables.declaration import COUNT, DATE, STRING, Column, Table

Event = tuple[str, str, str | None, int]
"""event_id, customer_id, order_id, amount."""

FIRST = date(2026, 11, 1)
SUITES = Path(__file__).parent / "expectations"
ORDER_SPAN_DAYS = 3


def day(number: int) -> date:
    """Day 0 is the first of November."""
    return FIRST + timedelta(days=number)


def table(name: str, partition: str, key: Sequence[str], *columns: Column) -> Table:
    return Table(
        name=name,
        en=name,
        zh=name,
        grain="one row",
        key=tuple(key),
        partition=partition,
        version=1,
        columns=(Column(partition, DATE, "Day", "日期"), *columns),
    )


CUSTOMER = Column("customer_id", STRING, "Customer", "客户")
AMOUNT = Column("amount", COUNT, "Amount", "金额")
ORDER = Column("order_id", STRING, "Order", "订单")

EVENTS = table(
    "events",
    "event_date",
    ["event_id"],
    Column("event_id", STRING, "Event", "事件"),
    CUSTOMER,
    Column("order_id", STRING, "Order", "订单", is_nullable=True),
    AMOUNT,
)
TABLES = {
    one.name: one
    for one in (
        EVENTS,
        table("daily_spends", "event_date", ["customer_id"], CUSTOMER, AMOUNT),
        table("weekly_spends", "as_of", ["customer_id"], CUSTOMER, AMOUNT),
        table("late_orders", "event_date", ["order_id"], ORDER, AMOUNT),
    )
}
CATALOG = Catalog(TABLES, SUITES)


def daily_spends(frames: Frames, _day: date) -> pl.LazyFrame:
    return frames["events"].group_by("customer_id").agg(pl.col("amount").sum()).sort("customer_id")


def weekly_spends(frames: Frames, _day: date) -> pl.LazyFrame:
    return frames["daily_spends"].group_by("customer_id").agg(pl.col("amount").sum()).sort("customer_id")


def late_orders(frames: Frames, day: date) -> pl.LazyFrame:
    orders = frames["events"].filter(pl.col("order_id").is_not_null()).group_by("order_id")
    totals = orders.agg(pl.col("event_date").min().alias("first"), pl.col("amount").sum())
    return totals.filter(pl.col("first") == day).select("order_id", "amount").sort("order_id")


def days_of_orders(events: pl.LazyFrame, changed: list[date]) -> pl.LazyFrame:
    touched = events.filter(pl.col("event_date").is_in(changed) & pl.col("order_id").is_not_null()).select("order_id")
    return events.join(touched, on="order_id", how="semi").select(pl.col("event_date").alias("day"))


DAILY = Job("daily_spends", (Input("events"),), daily_spends, Divided("customer_id"))
WEEKLY = Job("weekly_spends", (Input("daily_spends", look_back_days=2),), weekly_spends, Divided("customer_id"))
LATE = Job(
    "late_orders",
    (Input("events", look_back_days=ORDER_SPAN_DAYS, look_ahead_days=ORDER_SPAN_DAYS),),
    late_orders,
    Undivided("nobody asked for it"),
    narrow={"events": days_of_orders},
)
JOBS = (LATE, WEEKLY, DAILY)  # in no order that would do


class Shop:
    """A lake and what a test does to it."""

    def __init__(self, path: Path) -> None:
        self.lake: Lake = create_lake(path)

    def put(self, events: Mapping[date, Sequence[Event]], replace: Iterable[date] = ()) -> Snapshot:
        """Publish events: days named in `replace` lose what they had."""
        base = current_snapshot(self.lake, "events")
        staging = self.lake.fresh_staging("ingest")
        add = {}
        for number, (when, rows) in enumerate(sorted(events.items())):
            if rows:
                path = staging / f"{number}.parquet"
                columns = [pa.array(values) for values in zip(*rows, strict=True)]
                pq.write_table(pa.table(columns, names=EVENTS.file_schema.names).cast(EVENTS.file_schema), path)
                name = f"part-{base.id if base else 'first'}.parquet"
                add[when.isoformat()] = [NewFile(path, name, len(rows))]
        change = Change(add=add, replace=[when.isoformat() for when in replace])
        return publish(self.lake, EVENTS, base, change, {}, staging)

    def run(self, request: Request | None = None, report: Report = be_silent, jobs: Sequence[Job] = JOBS) -> RunRecord:
        return run(self.lake, jobs, request, report, CATALOG)

    def rebuilt(self, request: Request | None = None, jobs: Sequence[Job] = JOBS) -> dict[str, list[date]]:
        """Run, and say which days of which tables were rebuilt."""
        days: dict[str, list[date]] = {}
        record = self.run(
            request,
            lambda step: (
                days.setdefault(step.table, []).append(date.fromisoformat(step.message))
                if step.stage == "day"
                else None
            ),
            jobs,
        )
        assert record.outcome == "done", record.message
        return days

    def rows(self, table: str) -> dict[date, dict[str, int]]:
        """The amounts a table shows: by day, by its key."""
        snapshot = current_snapshot(self.lake, table)
        assert snapshot is not None
        declared = TABLES[table]
        shown: dict[date, dict[str, int]] = {}
        for path in snapshot.files():
            when = date.fromisoformat(path.parent.name.split("=")[1])
            for row in pq.ParquetFile(path).read().to_pylist():
                of_day = shown.setdefault(when, {})
                assert row[declared.key[0]] not in of_day
                of_day[row[declared.key[0]]] = row["amount"]
        return shown

    def state(self, table: str) -> dict[str, object]:
        snapshot = current_snapshot(self.lake, table)
        assert snapshot is not None
        return snapshot.manifest.state


def expected_rows(events: Mapping[date, Sequence[Event]]) -> dict[str, dict[date, dict[str, int]]]:
    """What the three tables must show, computed the slow and obvious way."""
    known = [when for when, rows in events.items() if rows]
    expected: dict[str, dict[date, dict[str, int]]] = {"daily_spends": {}, "weekly_spends": {}, "late_orders": {}}
    for when in known:
        expected["daily_spends"][when] = _sums(events, [when], 1)
        expected["weekly_spends"][when] = _sums(events, [when - timedelta(days=back) for back in range(3)], 1)
        window = [when + timedelta(days=offset) for offset in range(-ORDER_SPAN_DAYS, ORDER_SPAN_DAYS + 1)]
        seen_before = {order for before in window if before < when for order in _sums(events, [before], 2)}
        seen_today = _sums(events, [when], 2).keys() - seen_before
        orders = {order: amount for order, amount in _sums(events, window, 2).items() if order in seen_today}
        if orders:
            expected["late_orders"][when] = orders
    return expected


def _sums(events: Mapping[date, Sequence[Event]], days: Iterable[date], key: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for when in days:
        for event in events.get(when, ()):
            name = event[key]
            if isinstance(name, str):
                sums[name] = sums.get(name, 0) + event[3]
    return sums
