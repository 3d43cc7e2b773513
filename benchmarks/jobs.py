"""What one day of each job costs: CPU seconds, wall seconds and peak memory, on the declared windows.

    python -m benchmarks.jobs [--days 180] [--events 200000]

The day has 200,000 events; every earlier day has what such a day leaves behind: 4,000 order events (an order has
four, over twelve days), 20,000 search clicks, 100,000 customer and product pairs. 5,000 customers and 20,000 products;
two of three acts are on the 300 products a customer is interested in. Each job runs in a process of its own and reads
and writes Parquet as the engine does.
"""

# long because: it makes up every input of every job beside measuring them

import argparse
import multiprocessing
import re
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_job
from jobs.engine.scan import scan_files
from schemas.tables import declared_tables

DAY = date(2026, 11, 20)
CUSTOMERS, SKUS, INTERESTS = 5_000, 20_000, 300
ORDER_EVENTS_A_DAY, SEARCH_CLICKS_A_DAY, PAIRS_A_DAY = 4_000, 20_000, 100_000
LINES_AN_ORDER = 5
EVENT_SHARES = {"view": 0.6, "click": 0.15, "search": 0.12, "search_result": 0.08, "favorite": 0.03, "order": 0.02}
DEVICES_A_DAY, BEFORE_LOGIN_RATIO = 10_000, 0.1
# Made of the day's events by their own jobs, in this order, because the others read them.
RESOLVED = ("visit_parts", "device_customers", "identities", "session_events", "search_requests")
JOBS = (
    *RESOLVED,
    "sessions",
    "order_events",
    "search_clicks",
    "order_lines",
    "orders",
    "customer_sku_days",
    "sku_viewers",
)


def main() -> None:
    """Write the days, run each job in turn, print a line each."""
    parser = argparse.ArgumentParser(description="Cost of one day of each job.")
    parser.add_argument("--days", type=int, default=180, help="days on either side of the day")
    parser.add_argument("--events", type=int, default=200_000, help="events of the day")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder)
        write_days(lake, options.days, options.events)
        print("CPU and wall seconds without start-up, which is 0.8 s of imports; peak memory with it.")
        print(f"{'job':<30}{'rows':>10}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}")
        for job in JOBS:
            run_alone(run_day, lake, job)
        run_alone(run_narrow, lake, "order_lines")


def run_alone(function: object, lake: Path, job: str) -> None:
    """In a fresh process, so that its peak memory is its own."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=(lake, job))  # type: ignore[arg-type]
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{job} failed")


def run_day(lake: Path, name: str) -> None:
    """Compute and write the day, as the engine does."""
    job = job_of(name)
    began = clocks()
    out = lake / f"{name}.out.parquet"
    frames = {read.table: scan(lake, read.table, read.look_back_days, read.look_ahead_days) for read in job.inputs}
    job.compute(frames, DAY).sink_parquet(out, compression="zstd", row_group_size=131_072)
    report(name, pl.scan_parquet(out).select(pl.len()).collect().item(), began)


def run_narrow(lake: Path, name: str) -> None:
    """Which days are dirty after the day's order events came in."""
    job = job_of(name)
    began = clocks()
    read = job.inputs[0]
    days = job.narrow[read.table](scan(lake, read.table, read.look_ahead_days, read.look_back_days), [DAY]).collect()
    report(f"{name}, dirty days", days.height, began)


def job_of(name: str) -> Job:
    """The job of a table, under the default settings."""
    job = find_job(name)
    assert job is not None
    return job


def clocks() -> tuple[float, float]:
    """CPU seconds of all threads, and the wall clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.perf_counter()


def report(name: str, rows: int, began: tuple[float, float]) -> None:
    """One line of the table."""
    cpu, wall = (now - then for now, then in zip(clocks(), began, strict=True))
    print(f"{name:<30}{rows:>10,}{cpu:>8.2f}{wall:>8.2f}{peak_megabytes():>9.0f}", flush=True)


def peak_megabytes() -> float:
    """Of this process alone: getrusage would count what its parent held when it started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def scan(lake: Path, table: str, back: int, ahead: int) -> pl.LazyFrame:
    """The days of the window that are there."""
    days = (DAY + timedelta(offset) for offset in range(-back, ahead + 1))
    paths = [path for day in days if (path := file_of(lake, table, day)).exists()]
    return scan_files(declared_tables()[table], paths)


def file_of(lake: Path, table: str, day: date) -> Path:
    """Where a day of a table lies."""
    return lake / table / f"{declared_tables()[table].partition}={day}" / "part-0.parquet"


def write_days(lake: Path, days: int, events: int) -> None:
    """Every input of every job."""
    rng = np.random.default_rng(20261120)
    write(lake, "events", DAY, events_of(rng, events), key="event_id")
    for offset in range(-days, days + 1):
        day = DAY + timedelta(offset)
        write(lake, "order_events", day, order_events_of(rng, offset, day), key="event_id")
    for offset in range(-7, 1):
        day = DAY + timedelta(offset)
        write(lake, "search_clicks", day, search_clicks_of(rng, day), key="event_id")
    for offset in range(1 - days, 1):
        day = DAY + timedelta(offset)
        write(lake, "customer_sku_days", day, customer_sku_days_of(rng, day), key=("customer_id", "sku_id"))
    for offset in range(-29, 0):
        day = DAY + timedelta(offset)
        write(lake, "device_customers", day, device_customers_of(rng, day), key="last_event_id")
    for table in (*RESOLVED, "order_lines"):
        job = job_of(table)
        frames = {read.table: scan(lake, read.table, read.look_back_days, 30) for read in job.inputs}
        write(lake, table, DAY, job.compute(frames, DAY).collect(), key=declared_tables()[table].key)


def write(lake: Path, table: str, day: date, rows: pl.DataFrame, key: str | tuple[str, ...]) -> None:
    """The rows as the table declares them; a column that was not made is null."""
    schema = pl.Schema(declared_tables()[table].file_schema)
    path = file_of(lake, table, day)
    path.parent.mkdir(parents=True)
    filled = rows.select(
        pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in schema.items()
    )
    filled.sort(key).write_parquet(path, compression="zstd", row_group_size=131_072)


def actors(rng: np.random.Generator, count: int) -> dict[str, pl.Series]:
    """Customers and the products they act on."""
    customer = rng.integers(0, CUSTOMERS, count)
    interest = (customer * 7_919 + rng.integers(0, INTERESTS, count) * 31) % SKUS
    sku = np.where(rng.random(count) < 2 / 3, interest, rng.integers(0, SKUS, count))
    return {"customer_id": named("C", customer), "sku_id": named("YP", sku)}


def named(prefix: str, numbers: np.ndarray) -> pl.Series:
    """Names as a shop writes them: a letter and six digits."""
    return pl.Series(numbers).cast(pl.String).str.zfill(6).str.pad_start(6 + len(prefix), " ").str.replace(" +", prefix)


def instants(rng: np.random.Generator, day: date, count: int) -> pl.Series:
    """Microseconds of the day in Shanghai."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
    return pl.Series(rng.integers(0, 86_400_000_000, count) + int(midnight.timestamp()) * 1_000_000).cast(
        pl.Datetime("us", "UTC")
    )


def event_ids(rng: np.random.Generator, count: int) -> pl.Series:
    """Random names of the length of a UUID: they do not compress, as in life."""
    return pl.Series([value.tobytes().hex() for value in rng.integers(0, 256, (count, 16), dtype=np.uint8)])


def events_of(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """A day of events of every type."""
    kind = pl.Series(rng.choice(list(EVENT_SHARES), count, p=list(EVENT_SHARES.values())))
    at, acts = instants(rng, DAY, count), actors(rng, count)
    is_known = pl.Series(rng.random(count) >= BEFORE_LOGIN_RATIO)
    device = acts["customer_id"].str.replace("C", "D") + pl.Series(rng.choice(["a", "b"], count))
    return pl.DataFrame(
        {
            "event_id": event_ids(rng, count),
            "event_type": kind,
            "landing_source": ["shop"] * count,
            "occurred_at": at,
            "client_at": at,
            "placed_by": ["customer"] * count,
            "channel": ["web"] * count,
            "anonymous_id": device,
            "sku_id": acts["sku_id"],
            "customer_id": acts["customer_id"].set(~is_known, None),
        }
    ).with_columns(
        query=pl.when(pl.col("event_type").is_in(["search", "search_result"])).then(pl.lit("阿莫西林")),
        result_count=pl.when(pl.col("event_type") == "search_result").then(pl.lit(12)),
        action=pl.when(pl.col("event_type") == "favorite").then(pl.lit("add")),
        order_id=pl.when(pl.col("event_type") == "order").then("event_id"),
        status=pl.when(pl.col("event_type") == "order").then(pl.lit("paid")),
    )


def device_customers_of(rng: np.random.Generator, day: date) -> pl.DataFrame:
    """Who was on which device."""
    customer, at = actors(rng, DEVICES_A_DAY)["customer_id"], instants(rng, day, DEVICES_A_DAY)
    ids = event_ids(rng, DEVICES_A_DAY)
    return pl.DataFrame(
        {
            "anonymous_id": customer.str.replace("C", "D") + pl.Series(rng.choice(["a", "b"], DEVICES_A_DAY)),
            "customer_id": customer,
            "first_at": at,
            "first_client_at": at,
            "first_event_id": ids,
            "last_at": at,
            "last_client_at": at,
            "last_event_id": ids,
        }
    )


def order_events_of(rng: np.random.Generator, offset: int, day: date) -> pl.DataFrame:
    """A quarter each of orders placed that day, paid of 2, shipped of 5 and approved of 12 days ago."""
    each = ORDER_EVENTS_A_DAY // 4
    frames = [
        pl.DataFrame(
            {
                "event_id": event_ids(rng, each),
                "order_id": named("O", (offset - lag + 1_000) * each + np.arange(each)),
                "status": [status] * each,
                "occurred_at": instants(rng, day, each),
                "landing_source": ["shop"] * each,
                "placed_by": ["customer"] * each,
                "channel": ["web"] * each,
                "currency": ["CNY"] * each,
                "customer_id": actors(rng, each)["customer_id"],
                "is_stitched": [False] * each,
                "session_id": named("v", rng.integers(0, CUSTOMERS, each)),
            }
        ).with_columns(lines=lines_of(rng, each) if status == "placed" else pl.lit(None))
        for status, lag in (("placed", 0), ("paid", 2), ("shipped", 5), ("approved", 12))
    ]
    return pl.concat(frames, how="vertical_relaxed")


def lines_of(rng: np.random.Generator, orders: int) -> pl.Series:
    """Five lines an order."""
    count = orders * LINES_AN_ORDER
    lines = pl.DataFrame(
        {
            "order": np.repeat(np.arange(orders), LINES_AN_ORDER),
            "sku_id": actors(rng, count)["sku_id"],
            "quantity": rng.integers(1, 200, count),
            "unit_price": pl.Series(rng.integers(1, 5_000_000, count)).cast(pl.Decimal(18, 0)) / 10_000,
            "discount": pl.Series([None] * count, dtype=pl.Decimal(18, 4)),
            "search_id": pl.Series([None] * count, dtype=pl.String),
        }
    )
    return lines.group_by("order", maintain_order=True).agg(lines=pl.struct(pl.exclude("order")))["lines"]


def search_clicks_of(rng: np.random.Generator, day: date) -> pl.DataFrame:
    """Clicks on what the customers are interested in."""
    count = SEARCH_CLICKS_A_DAY
    return pl.DataFrame(
        {
            "event_id": event_ids(rng, count),
            "event_type": ["click"] * count,
            "clicked_at": instants(rng, day, count),
            "search_id": event_ids(rng, count),
            "is_derived": rng.random(count) < 0.9,
            "is_stitched": [False] * count,
            "session_id": named("v", rng.integers(0, CUSTOMERS, count)),
            **actors(rng, count),
        }
    )


def customer_sku_days_of(rng: np.random.Generator, day: date) -> pl.DataFrame:
    """Pairs of a day: each viewed, some clicked, favourited or ordered."""
    count = PAIRS_A_DAY
    at = instants(rng, day, count)
    ordered = rng.random(count) < 0.05
    return (
        pl.DataFrame(
            {
                **actors(rng, count),
                "is_stitched": rng.random(count) < BEFORE_LOGIN_RATIO,
                "view_count": rng.integers(1, 4, count),
                "click_count": rng.integers(0, 2, count),
                "favorite_count": (rng.random(count) < 0.05).astype(np.int64),
                "unfavorite_count": np.zeros(count, dtype=np.int64),
                "order_line_count": ordered.astype(np.int64),
                "quantity": ordered.astype(np.int64) * 10,
                "amount": ordered.astype(np.int64) * 100,
                "first_at": at,
                "last_at": at,
                "first_view_at": at,
                "last_view_at": at,
            }
        )
        .with_columns(
            last_favorite_at=pl.when(pl.col("favorite_count") > 0).then("first_at"),
            last_order_at=pl.when(pl.col("order_line_count") > 0).then("first_at"),
        )
        .unique(["customer_id", "sku_id"], keep="first")
    )


if __name__ == "__main__":
    main()
