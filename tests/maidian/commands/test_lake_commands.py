"""`maidian init`, `status`, `rollback` and `gc`."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock
from schemas.lake.snapshots import current_snapshot, list_snapshots
from tests.maidian.commands.small_lake import add_events, event, lake_with, maidian


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with(tmp_path / "lake", event(1, 1), event(2, 2))


def test_init_makes_a_lake_once_and_says_its_time_zone(tmp_path: Path) -> None:
    path = tmp_path / "lake"
    made = maidian(path, "init", "--time-zone", "Europe/London")
    assert made.stdout == f"created a lake at {path}, time zone Europe/London\n"
    assert maidian(path, "init").stdout == f"there already is a lake at {path}, time zone Europe/London\n"
    other = maidian(path, "init", "--time-zone", "Asia/Tokyo")
    assert other.exit_code == 2
    assert "is of time zone Europe/London, not Asia/Tokyo" in other.stderr


def test_init_without_a_time_zone_says_which_it_took(tmp_path: Path) -> None:
    assert "time zone Asia/Shanghai (the default;" in maidian(tmp_path / "lake", "init").stdout


def test_status_tells_every_table(lake: Lake) -> None:
    maidian(lake, "run")
    add_events(lake, event(3, 3))
    document = json.loads(maidian(lake, "status", "--json").stdout)
    assert document["time_zone"] == "Asia/Shanghai"
    tables = {table["table"]: table for table in document["tables"]}
    assert next(iter(tables)) == "events"
    assert (tables["events"]["newest_day"], tables["events"]["row_count"]) == ("2026-11-03", 3)
    assert tables["visit_parts"]["dirty_day_count"] == 1
    assert tables["customer_sku_days"]["waits_for"] == ["session_events", "order_lines"]
    assert tables["sku_viewers"]["dirty_day_count"] == 1
    assert tables["sku_viewers"]["waits_for"] == ["customer_sku_days"]
    lines = maidian(lake, "status").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["table", *tables]
    assert "  1+  " in next(line for line in lines if line.startswith("sku_viewers"))
    assert maidian(lake, "status", "--lang=zh").stdout.startswith("表")


def test_status_shows_the_last_failure(lake: Lake) -> None:
    maidian(lake, "run")
    add_events(lake, event(3, 3, event_type="order", order_id=None, status="paid"))
    maidian(lake, "run")
    assert "last failure of order_events, 20" in maidian(lake, "status").stdout


def test_a_rollback_goes_to_what_the_present_snapshot_was_built_upon(lake: Lake) -> None:
    first = current_snapshot(lake, "events")
    add_events(lake, event(3, 3))
    second = current_snapshot(lake, "events")
    assert first
    assert second
    done = maidian(lake, "rollback", "events")
    assert done.stdout == f"events now shows {first.id} (2 rows), was {second.id}\n"
    assert current_snapshot(lake, "events") == first
    again = maidian(lake, "rollback", "events")
    assert again.exit_code == 2
    assert "was built upon none" in again.stderr
    document = json.loads(maidian(lake, "rollback", "events", second.id, "--json").stdout)
    assert document == {"table": "events", "from": first.id, "to": second.id}


def test_the_snapshots_are_listed_newest_first_with_the_current_one_marked(lake: Lake) -> None:
    first = current_snapshot(lake, "events")
    add_events(lake, event(3, 3))
    second = current_snapshot(lake, "events")
    assert first
    assert second
    maidian(lake, "rollback", "events")
    lines = maidian(lake, "rollback", "events", "--list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[second.id, "3"], ["*", first.id]]
    listed = json.loads(maidian(lake, "rollback", "events", "--list", "--json").stdout)["snapshots"]
    assert [(one["snapshot_id"], one["is_current"]) for one in listed] == [(first.id, True), (second.id, False)]


def test_a_rollback_of_what_is_not_there_is_wrong_usage(lake: Lake) -> None:
    unknown = maidian(lake, "rollback", "carts")
    assert unknown.exit_code == 2
    assert "no table carts has been published; there are: events" in unknown.stderr
    assert maidian(lake, "rollback", "events", "2020").exit_code == 2


@pytest.mark.parametrize(
    ("table", "writer", "other"), [("events", "ingest", "run"), ("search_clicks", "run", "ingest")]
)
def test_a_rollback_is_refused_while_the_tables_writer_is_at_work(
    lake: Lake, table: str, writer: str, other: str
) -> None:
    maidian(lake, "run", "search_clicks")
    add_events(lake, event(3, 3))
    maidian(lake, "run", "search_clicks")
    before = current_snapshot(lake, table)
    with hold_lock(lake.lock_path(writer), "a test"):
        done = maidian(lake, "rollback", table)
    assert done.exit_code == 1
    assert f"{writer} (or a rollback) is already at work on this lake" in done.stderr
    assert current_snapshot(lake, table) == before
    with hold_lock(lake.lock_path(other), "a test"):
        assert maidian(lake, "rollback", table).exit_code == 0


def test_gc_removes_old_snapshots_and_what_the_dead_left(lake: Lake) -> None:
    for day in range(3, 6):
        add_events(lake, event(day, day))
    lake.fresh_staging("run")
    assert maidian(lake, "gc").stdout == "0 snapshots (0 bytes) removed, and 2 leftovers of dead processes\n"
    arguments = ("--keep", "2", "--min-age", "0d", "--json")
    dry = json.loads(maidian(lake, "gc", *arguments, "--dry-run").stdout)
    assert (len(dry["snapshots"]), dry["is_dry_run"]) == (2, True)
    assert len(list_snapshots(lake, "events")) == 4
    assert json.loads(maidian(lake, "gc", *arguments).stdout)["snapshots"] == dry["snapshots"]
    assert len(list_snapshots(lake, "events")) == 2
    current = current_snapshot(lake, "events")
    assert current
    assert current.manifest.row_count == 5


def test_gc_leaves_those_at_work_alone(lake: Lake) -> None:
    add_events(lake, event(3, 3))
    lake.fresh_staging("run")
    with (
        hold_lock(lake.lock_path("run"), "a test"),
        hold_lock(lake.lock_path("ingest"), "a test"),
        hold_lock(lake.lock_path("table-events"), "a test"),
    ):
        done = maidian(lake, "gc", "--keep", "1", "--min-age", "0d")
    assert done.exit_code == 0
    assert len(list_snapshots(lake, "events")) == 2
    assert lake.staging("run").exists()


def test_gc_removes_index_files_that_no_snapshot_of_events_names(lake: Lake) -> None:
    index = lake.path / "ingest" / "index"
    index.mkdir(parents=True)
    (index / "unnamed.npy").touch()
    maidian(lake, "gc", "--min-age", "0d")
    assert (index / "unnamed.npy").exists()  # it may be the one a publish is about to name
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(index / "unnamed.npy", (yesterday, yesterday))
    maidian(lake, "gc", "--min-age", "2d")
    assert (index / "unnamed.npy").exists()
    maidian(lake, "gc")
    assert not (index / "unnamed.npy").exists()


@pytest.mark.parametrize("age", ["1", "d", "1w", "-1d"])
def test_gc_refuses_an_age_without_a_unit(lake: Lake, age: str) -> None:
    done = maidian(lake, "gc", "--min-age", age)
    assert done.exit_code == 2
