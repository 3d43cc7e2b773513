"""A reference is read whole, as it is now; when it changes, only the newest day is made anew."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.engine.catalog import Catalog
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.discovery import order_jobs
from jobs.engine.division import Divided
from jobs.engine.run import run
from jobs.engine.status import table_statuses
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import AMOUNT, CUSTOMER, DAILY, SUITES, TABLES, Shop, day, table

BONUSES = table("bonuses", "imported_date", ["customer_id"], CUSTOMER, AMOUNT)
CATALOG = Catalog({**TABLES, "bonuses": BONUSES}, SUITES)


def weekly_spends(frames: Frames, _day: date) -> pl.LazyFrame:
    """The days' amounts and the customer's bonus."""
    spent = frames["daily_spends"].group_by("customer_id").agg(pl.col("amount").sum())
    bonus = frames["bonuses"].select("customer_id", pl.col("amount").alias("bonus"))
    total = pl.col("amount") + pl.col("bonus").fill_null(0)
    return spent.join(bonus, on="customer_id", how="left").select("customer_id", amount=total).sort("customer_id")


JOBS = (
    DAILY,
    Job(
        "weekly_spends",
        (Input("daily_spends", look_back_days=2), Input("bonuses", is_reference=True)),
        weekly_spends,
        Divided("customer_id"),
    ),
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake")
    shop.put({day(n): [(f"e{n}", "ann", None, 10)] for n in range(4)})
    return shop


def import_bonuses(shop: Shop, rows: Sequence[tuple[str, int]], when: date) -> None:
    """Replace the whole reference, as an import of that day does."""
    base = current_snapshot(shop.lake, "bonuses")
    staging = shop.lake.fresh_staging("import")
    path = staging / "part-0.parquet"
    columns = [pa.array(values) for values in zip(*rows, strict=True)]
    pq.write_table(pa.table(columns, names=BONUSES.file_schema.names).cast(BONUSES.file_schema), path)
    old = base.manifest.partitions if base else {}
    change = Change(add={when.isoformat(): [NewFile(path, "part-0.parquet", len(rows))]}, replace=old)
    publish(shop.lake, BONUSES, base, change, {}, staging)


def rebuilt(shop: Shop) -> dict[str, list[date]]:
    days: dict[str, list[date]] = {}
    record = run(
        shop.lake,
        JOBS,
        None,
        lambda step: (
            days.setdefault(step.table, []).append(date.fromisoformat(step.message)) if step.stage == "day" else None
        ),
        CATALOG,
    )
    assert record.outcome == "done", record.message
    return days


def test_without_the_reference_the_table_still_builds(shop: Shop) -> None:
    rebuilt(shop)
    assert shop.rows("weekly_spends")[day(3)] == {"ann": 30}


def test_a_changed_reference_makes_the_newest_day_alone_dirty(shop: Shop) -> None:
    rebuilt(shop)
    import_bonuses(shop, [("ann", 5)], day(3))
    assert {s.table: s.dirty_day_count for s in table_statuses(shop.lake, JOBS, catalog=CATALOG)}["weekly_spends"] == 1
    assert rebuilt(shop) == {"weekly_spends": [day(3)]}
    assert shop.rows("weekly_spends")[day(3)] == {"ann": 35}
    assert shop.rows("weekly_spends")[day(2)] == {"ann": 30}
    assert rebuilt(shop) == {}


def test_every_day_of_one_run_sees_the_whole_reference(shop: Shop) -> None:
    import_bonuses(shop, [("ann", 5), ("zoe", 1)], day(0) - timedelta(days=400))
    rebuilt(shop)
    assert shop.rows("weekly_spends") == {
        day(0): {"ann": 15},
        day(1): {"ann": 25},
        day(2): {"ann": 35},
        day(3): {"ann": 35},
    }


def test_the_same_rows_imported_on_another_day_change_nothing(shop: Shop) -> None:
    import_bonuses(shop, [("ann", 5)], day(2))
    rebuilt(shop)
    import_bonuses(shop, [("ann", 5)], day(3))
    assert rebuilt(shop) == {}


def test_a_reference_alone_makes_no_rows(shop: Shop) -> None:
    import_bonuses(shop, [("ann", 5)], day(0))
    shop.put({day(n): [] for n in range(1, 4)}, replace=[day(n) for n in range(4)])
    shop.put({day(9): [("e9", "bob", None, 1)]})
    rebuilt(shop)
    assert shop.rows("weekly_spends") == {day(9): {"bob": 1}}


def test_a_reference_has_no_look_back() -> None:
    with pytest.raises(ValueError, match="read whole"):
        Input("bonuses", look_back_days=1, is_reference=True)


def test_jobs_may_read_a_reference_that_no_job_makes() -> None:
    assert [job.table for job in order_jobs(JOBS, CATALOG.tables)] == ["daily_spends", "weekly_spends"]
