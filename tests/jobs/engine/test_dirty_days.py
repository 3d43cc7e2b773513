"""Which days a run rebuilds: those that changed and what depends on them, and no others."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.engine import rebuild
from jobs.engine.catalog import Catalog
from jobs.engine.declaration import Input
from jobs.engine.progress import Progress
from jobs.engine.run import Request, run
from schemas.lake.garbage import find_garbage, remove_snapshot
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import current_snapshot, list_snapshots
from tests.jobs.engine.small_shop import (
    CATALOG,
    DAILY,
    JOBS,
    LATE,
    TABLES,
    WEEKLY,
    Event,
    Shop,
    day,
    expected_rows,
)

TEN_DAYS: dict[date, list[Event]] = {day(n): [(f"e{n}", "ann", None, 10)] for n in range(10)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake")
    shop.put(TEN_DAYS)
    return shop


def test_the_first_run_rebuilds_every_day(shop: Shop) -> None:
    rebuilt = shop.rebuilt()
    assert rebuilt == {key: list(TEN_DAYS) for key in rebuilt}
    assert set(rebuilt) == {"daily_spends", "weekly_spends", "late_orders"}
    for table, rows in expected_rows(TEN_DAYS).items():
        assert shop.rows(table) == rows


def test_a_second_run_rebuilds_nothing_and_publishes_nothing(shop: Shop) -> None:
    shop.run()
    before = {table: list_snapshots(shop.lake, table) for table in TABLES}
    assert shop.rebuilt() == {}
    assert {table: list_snapshots(shop.lake, table) for table in TABLES} == before


def test_a_new_day_rebuilds_that_day_alone(shop: Shop) -> None:
    shop.run()
    shop.put({day(10): [("e10", "bob", None, 5)]})
    assert shop.rebuilt() == {name: [day(10)] for name in ("late_orders", "daily_spends", "weekly_spends")}


def test_a_late_event_rebuilds_its_day_and_the_days_that_look_back_to_it(shop: Shop) -> None:
    shop.run()
    shop.put({day(4): [("late", "bob", None, 5)]})
    assert shop.rebuilt() == {"daily_spends": [day(4)], "weekly_spends": [day(4), day(5), day(6)]}
    assert shop.rows("weekly_spends")[day(6)] == {"ann": 30, "bob": 5}


def test_a_day_that_comes_out_the_same_makes_nothing_dirty_that_reads_it(shop: Shop) -> None:
    shop.run()
    shop.put({day(4): [("free", "ann", None, 0)]})
    assert shop.rebuilt() == {"daily_spends": [day(4)]}
    assert shop.rebuilt() == {}


def test_narrowing_rebuilds_only_the_days_of_the_orders_that_changed(shop: Shop) -> None:
    shop.put({day(3): [("placed", "ann", "o1", 7)], day(8): [("other", "ann", "o2", 1)]})
    shop.run()
    shop.put({day(5): [("paid", "ann", "o1", 2)]})
    assert shop.rebuilt(jobs=[LATE]) == {"late_orders": [day(3), day(5)]}
    assert shop.rows("late_orders") == {day(3): {"o1": 9}, day(8): {"o2": 1}}


def test_what_touches_no_day_is_remembered_and_not_looked_at_again(shop: Shop) -> None:
    shop.run(jobs=[LATE])
    events = shop.put({day(5): [("view", "bob", None, 5)]})
    assert shop.rebuilt(jobs=[LATE]) == {}
    consumed = shop.state("late_orders")["consumed"]
    assert isinstance(consumed, dict)
    assert consumed["events"][str(day(5))] == events.manifest.partitions[str(day(5))].fingerprint


def test_narrowing_finds_the_days_of_an_order_that_is_gone(shop: Shop) -> None:
    shop.put({day(3): [("placed", "ann", "o1", 7)], day(5): [("paid", "ann", "o1", 2)]})
    shop.run()
    shop.put({day(5): TEN_DAYS[day(5)]}, replace=[day(5)])  # the payment was taken back
    assert shop.rebuilt(jobs=[LATE]) == {"late_orders": [day(3), day(5)]}
    assert shop.rows("late_orders") == {day(3): {"o1": 7}}


def test_when_the_rows_that_are_gone_cannot_be_seen_the_whole_window_is_rebuilt(shop: Shop) -> None:
    consumed = shop.put({day(5): [("placed", "ann", "o1", 7)]})
    shop.run()
    shop.put({day(5): TEN_DAYS[day(5)]}, replace=[day(5)])
    assert consumed.id in collect_garbage(shop)
    assert shop.rebuilt(jobs=[LATE]) == {"late_orders": [day(n) for n in range(2, 9)]}
    assert shop.rows("late_orders") == {}


def test_rolling_events_back_takes_the_rows_out_again(shop: Shop) -> None:
    old = current_snapshot(shop.lake, "events")
    assert old
    shop.run()
    shop.put({day(9): [("e", "bob", "o1", 1)], day(10): [("f", "bob", "o1", 1)]})
    shop.run()
    assert day(10) in shop.rows("daily_spends")
    roll_back(shop.lake, "events", old.id)
    shop.run()
    for table, rows in expected_rows(TEN_DAYS).items():
        assert shop.rows(table) == rows


def test_a_day_goes_with_its_events_though_nothing_it_is_made_of_has_changed(shop: Shop) -> None:
    spending = replace(DAILY, compute=lambda frames, day: DAILY.compute(frames, day).filter(pl.col("amount") > 0))
    old = current_snapshot(shop.lake, "events")
    assert old
    shop.put({day(10): [("free", "ann", None, 0)]})  # no row of daily_spends, but a day of weekly_spends
    shop.run(jobs=[spending, WEEKLY])
    assert shop.rows("weekly_spends")[day(10)] == {"ann": 20}
    roll_back(shop.lake, "events", old.id)
    shop.run(jobs=[spending, WEEKLY])
    assert day(10) not in shop.rows("weekly_spends")


def test_a_table_rolled_back_is_rebuilt_to_where_it_was(shop: Shop) -> None:
    shop.run()
    first = current_snapshot(shop.lake, "weekly_spends")
    assert first
    shop.put({day(4): [("late", "bob", None, 5)]})
    shop.run()
    rows = shop.rows("weekly_spends")
    roll_back(shop.lake, "weekly_spends", first.id)
    assert shop.rows("weekly_spends") != rows
    assert shop.rebuilt() == {"weekly_spends": [day(4), day(5), day(6)]}
    assert shop.rows("weekly_spends") == rows


def test_a_new_version_of_a_table_rebuilds_all_its_days_and_stops_where_they_are_the_same(shop: Shop) -> None:
    shop.run()
    newer = replace(TABLES["daily_spends"], version=2)
    record = run(shop.lake, JOBS, None, catalog=Catalog({**TABLES, "daily_spends": newer}, CATALOG.suites))
    assert {result.table: result.days for result in record.tables} == {
        "daily_spends": 10,
        "weekly_spends": 0,
        "late_orders": 0,
    }
    assert record.tables[-1].table == "weekly_spends"


def test_a_job_that_reads_another_table_than_it_did_rebuilds_its_days_and_no_others(shop: Shop) -> None:
    shop.run()
    rows = shop.rows("weekly_spends")
    of_events = replace(WEEKLY, inputs=(Input("events", look_back_days=2),), compute=DAILY.compute)
    jobs = [of_events if job is WEEKLY else job for job in JOBS]
    assert shop.rebuilt(jobs=jobs) == {"weekly_spends": list(TEN_DAYS)}
    assert shop.rows("weekly_spends") == rows
    assert shop.rebuilt(jobs=jobs) == {}


def test_as_of_rebuilds_that_day_and_what_it_is_made_of(shop: Shop) -> None:
    request = Request(tables=("weekly_spends",), days=frozenset({day(6)}))
    assert shop.rebuilt(request) == {"daily_spends": [day(4), day(5), day(6)], "weekly_spends": [day(6)]}
    assert shop.rows("weekly_spends") == {day(6): {"ann": 30}}
    assert shop.rebuilt() == {
        "daily_spends": [day(n) for n in (0, 1, 2, 3, 7, 8, 9)],
        "weekly_spends": [day(n) for n in (0, 1, 2, 3, 4, 5, 7, 8, 9)],
        "late_orders": [day(n) for n in range(10)],
    }


def test_a_backfill_rebuilds_clean_days_and_leaves_dirty_ones_outside_it_dirty(shop: Shop) -> None:
    shop.run()
    shop.put({day(9): [("late", "bob", None, 5)]})
    request = Request(tables=("daily_spends",), days=frozenset({day(2), day(3)}), is_forced=True)
    assert shop.rebuilt(request) == {"daily_spends": [day(2), day(3)]}
    assert shop.rebuilt() == {"daily_spends": [day(9)], "weekly_spends": [day(9)]}


def test_a_run_that_stops_midway_is_taken_up_where_it_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "CHUNK_DAYS", 3)

    def stop_at_day_5(step: Progress) -> None:
        if step.message == str(day(4)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.run(report=stop_at_day_5, jobs=[DAILY, WEEKLY])
    assert shop.rows("daily_spends").keys() == {day(0), day(1), day(2)}
    assert shop.state("daily_spends")["pending"] == [str(day(n)) for n in range(3, 10)]
    assert shop.rebuilt(jobs=[DAILY])["daily_spends"] == [day(n) for n in range(3, 10)]


def collect_garbage(shop: Shop) -> list[str]:
    garbage = find_garbage(shop.lake, "events", datetime.now(UTC), keep=1, min_age=timedelta(0))
    for one in garbage:
        remove_snapshot(shop.lake, one)
    return [one.snapshot_id for one in garbage]


events_of_a_day = st.lists(
    st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from([None, "o1", "o2"]), st.integers(0, 3)), max_size=3
)
# What happens before each run: days get more rows, or other rows; events are rolled back to an older snapshot; what a
# run has read is collected.
changes = st.one_of(
    st.tuples(st.sampled_from(["add", "replace"]), st.dictionaries(st.integers(0, 9), events_of_a_day, min_size=1)),
    st.tuples(st.just("roll back"), st.integers(0, 5)),
    st.tuples(st.just("collect garbage"), st.none()),
)
# How the run goes: whole, only some days of a table, or stopped after so many days.
runs = st.one_of(
    st.none(),
    st.tuples(st.sampled_from(["daily_spends", "weekly_spends", "late_orders"]), st.integers(0, 9), st.booleans()),
    st.integers(0, 12),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(changes, runs), min_size=1, max_size=5))
def test_whatever_happens_a_run_leaves_the_tables_as_if_built_anew(
    steps: list[tuple[tuple[str, object], object]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild, "CHUNK_DAYS", 3)
    shop = Shop(tmp_path_factory.mktemp("shop") / "lake")
    published = [(shop.put({}).id, dict[date, list[Event]]())]
    events: dict[date, list[Event]] = {}
    for number, ((kind, what), how) in enumerate(steps):
        if kind == "collect garbage":
            gone = collect_garbage(shop)
            published = [one for one in published if one[0] not in gone]
        elif kind == "roll back":
            assert isinstance(what, int)
            snapshot_id, events = published[what % len(published)]
            roll_back(shop.lake, "events", snapshot_id)
        else:
            assert isinstance(what, dict)
            change: dict[date, list[Event]] = {
                day(n): [(f"{number}-{n}-{place}", *row) for place, row in enumerate(rows)] for n, rows in what.items()
            }
            kept = {} if kind == "replace" else events
            events = {**events, **{when: [*kept.get(when, []), *rows] for when, rows in change.items()}}
            snapshot = shop.put(change, replace=change if kind == "replace" else ())
            published.append((snapshot.id, events))
        disturbed_run(shop, how)
    shop.run()
    for table, rows in expected_rows(events).items():
        assert shop.rows(table) == rows
    assert shop.rebuilt() == {}


def disturbed_run(shop: Shop, how: object) -> None:
    if isinstance(how, tuple):
        table, number, is_forced = how
        shop.run(Request(tables=(table,), days=frozenset({day(number)}), is_forced=is_forced))
        return
    left = [how if isinstance(how, int) else 10**6]

    def stop_in_time(step: Progress) -> None:
        if step.stage == "day":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

    try:
        shop.run(report=stop_in_time)
    except KeyboardInterrupt:
        assert how is not None
