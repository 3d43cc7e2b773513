"""What `maidian status` knows: by the same count of dirty days as a run, and without writing anything."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.engine.status import TableStatus, table_statuses
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import CATALOG, JOBS, Shop, day


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake")
    shop.put({day(n): [(f"e{n}", "ann", None, 1), (f"f{n}", "bob", None, 1)] for n in range(4)})
    return shop


def statuses(shop: Shop, now: datetime | None = None) -> dict[str, TableStatus]:
    return {status.table: status for status in table_statuses(shop.lake, JOBS, now, CATALOG)}


def test_tables_that_were_never_made_are_there_with_all_their_days_dirty(shop: Shop) -> None:
    shown = statuses(shop)
    assert list(shown) == ["events", "daily_spends", "late_orders", "weekly_spends"]
    assert shown["daily_spends"] == TableStatus(table="daily_spends", dirty_day_count=4)
    assert shown["weekly_spends"].waits_for == ["daily_spends"]
    assert (shown["events"].row_count, shown["events"].dirty_day_count) == (8, None)


def test_after_a_run_nothing_is_dirty_and_the_numbers_are_those_of_the_snapshot(shop: Shop) -> None:
    record = shop.run()
    snapshot = current_snapshot(shop.lake, "daily_spends")
    assert snapshot is not None
    made = datetime.fromisoformat(snapshot.manifest.created_at)
    shown = statuses(shop, made + timedelta(hours=1))["daily_spends"]
    assert shown == TableStatus(
        table="daily_spends",
        newest_day=str(day(3)),
        row_count=8,
        partition_count=4,
        dirty_day_count=0,
        snapshot_id=snapshot.id,
        published_at=made.astimezone(UTC).isoformat(timespec="seconds"),
        age_seconds=3600,
        last_run_at=record.ended_at,
        last_outcome="rebuilt",
    )


def test_a_late_event_shows_as_the_days_the_next_run_rebuilds(shop: Shop) -> None:
    shop.run()
    shop.put({day(1): [("late", "ann", None, 1)]})
    shown = statuses(shop)
    assert (shown["daily_spends"].dirty_day_count, shown["weekly_spends"].dirty_day_count) == (1, 0)
    assert shown["weekly_spends"].waits_for == ["daily_spends"]
    assert shop.rebuilt()["daily_spends"] == [day(1)]


def test_the_last_failure_stays_in_sight_after_a_run_that_went_well(shop: Shop) -> None:
    shop.run()
    shop.put({day(1): [("bad", "ann", None, -5)]})
    failed = shop.run()
    shop.put({day(1): [("good", "ann", None, 5)]}, replace=[day(1)])
    shop.run()
    shown = statuses(shop)["daily_spends"]
    assert shown.last_outcome == "rebuilt"
    assert shown.last_failure_at == failed.ended_at
    assert shown.last_failure
    assert "amount_negative_count is 1" in shown.last_failure


def test_looking_writes_nothing(shop: Shop) -> None:
    before = sorted(shop.lake.path.rglob("*"))
    statuses(shop)
    assert sorted(shop.lake.path.rglob("*")) == before
