"""Marts: only the newest days are built unasked, kept exact and kept; older ones are built when asked for, and then stand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.engine import rebuild
from jobs.engine.discovery import find_jobs
from jobs.engine.run import Request, run
from jobs.engine.status import table_statuses
from schemas.lake.publish import roll_back
from schemas.settings import Settings
from schemas.tables import declared_tables
from tests.jobs.engine.small_shop import CATALOG, DAILY, WEEKLY, Event, Shop, daily_spends, day, expected_rows

TEN_DAYS: dict[date, list[Event]] = {day(n): [(f"e{n}", "ann", None, 10)] for n in range(10)}
NEWEST = replace(WEEKLY, newest_days=3)
# There may be events on a day, and nothing that counts.
PAID = replace(DAILY, compute=lambda frames, when: daily_spends({"events": paid(frames["events"])}, when))
JOBS = (DAILY, NEWEST)


def paid(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.filter(pl.col("amount") > 0)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake")
    shop.put(TEN_DAYS)
    return shop


def days(*numbers: int) -> list[date]:
    return [day(number) for number in numbers]


def ask(*numbers: int, is_forced: bool = False) -> Request:
    return Request(tables=("weekly_spends",), days=frozenset(days(*numbers)), is_forced=is_forced)


def dirty(shop: Shop, jobs: Iterable[object] = JOBS) -> int | None:
    statuses = table_statuses(shop.lake, [*jobs], catalog=CATALOG)  # type: ignore[list-item]
    return {status.table: status.dirty_day_count for status in statuses}["weekly_spends"]


def test_only_the_newest_days_are_built_unasked(shop: Shop) -> None:
    assert dirty(shop) == 3
    assert shop.rebuilt(jobs=JOBS)["weekly_spends"] == days(7, 8, 9)
    assert shop.rows("weekly_spends").keys() == set(days(7, 8, 9))
    assert dirty(shop) == 0
    assert shop.rebuilt(jobs=JOBS) == {}


def test_newest_means_the_newest_days_on_which_something_happened(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put({day(n): [(f"e{n}", "ann", None, 10)] for n in (0, 1, 5, 9)})
    assert shop.rebuilt(jobs=JOBS)["weekly_spends"] == days(1, 5, 9)


def test_a_day_that_is_too_old_by_now_goes(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    shop.put({day(10): [("e10", "ann", None, 10)], day(7): [("late", "bob", None, 5)]})
    # 8 and 9 look back to the late event, 10 is new; 7 is too old
    assert shop.rebuilt(jobs=JOBS)["weekly_spends"] == days(8, 9, 10)
    assert shop.rows("weekly_spends").keys() == set(days(8, 9, 10))
    assert dirty(shop) == 0


def test_a_newest_day_stands_until_a_newer_one_is_built(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    shop.put({day(10): [("e10", "ann", None, 10)]})
    shop.run(ask(2), jobs=JOBS)  # a run for one old day builds no new one, and so takes none away
    assert shop.rows("weekly_spends").keys() == set(days(2, 7, 8, 9))
    shop.run(jobs=JOBS)
    assert shop.rows("weekly_spends").keys() == set(days(2, 8, 9, 10))


def test_a_day_that_brings_nothing_is_built_all_the_same(shop: Shop) -> None:
    jobs = (PAID, replace(WEEKLY, newest_days=1))
    shop.run(jobs=jobs)
    shop.put({day(10): [("quiet", "ann", None, 0)]})
    assert dirty(shop, jobs) == 1
    assert shop.rebuilt(jobs=jobs)["weekly_spends"] == days(10)
    assert shop.rows("weekly_spends") == {day(10): {"ann": 20}}


def test_days_go_when_fewer_are_to_be_kept_and_those_asked_for_stand(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    shop.run(ask(2, 8, is_forced=True), jobs=JOBS)
    fewer = (DAILY, replace(NEWEST, newest_days=1))
    assert shop.rebuilt(jobs=fewer) == {}
    assert shop.rows("weekly_spends").keys() == set(days(2, 9))


@pytest.mark.parametrize("is_forced", [False, True])
def test_an_older_day_is_built_when_it_is_asked_for(shop: Shop, is_forced: bool) -> None:
    shop.run(jobs=JOBS)
    assert shop.rebuilt(ask(2, 4, is_forced=is_forced), JOBS)["weekly_spends"] == days(2, 4)
    shop.put({day(2): [("late", "bob", None, 5)]})
    assert shop.rebuilt(jobs=JOBS) == {"daily_spends": days(2)}  # kept as published
    assert shop.rows("weekly_spends")[day(2)] == {"ann": 30}
    assert shop.rebuilt(ask(2, is_forced=is_forced), JOBS)["weekly_spends"] == days(2)
    assert shop.rows("weekly_spends")[day(2)] == {"ann": 30, "bob": 5}


def test_a_new_day_that_is_asked_for_is_built_only_when_dirty(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    assert shop.rebuilt(ask(8), JOBS) == {}
    assert shop.rebuilt(ask(8, is_forced=True), JOBS) == {"weekly_spends": days(8)}


def test_an_older_day_goes_when_its_events_go(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    shop.run(ask(2), jobs=JOBS)
    shop.put({}, replace=days(2))
    assert dirty(shop) == 1
    shop.run(jobs=JOBS)
    assert day(2) not in shop.rows("weekly_spends")


def test_older_days_of_another_version_go_at_once_and_are_made_anew_when_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "CHUNK_DAYS", 1)
    shop.run(jobs=JOBS)
    shop.run(ask(2, 4, 5), jobs=JOBS)
    newer = {**CATALOG.tables, "weekly_spends": replace(CATALOG.tables["weekly_spends"], version=2)}
    catalog = replace(CATALOG, tables=newer)
    run(shop.lake, JOBS, ask(4), catalog=catalog)
    assert shop.rows("weekly_spends").keys() == set(days(4, 7, 8, 9))
    run(shop.lake, JOBS, catalog=catalog)
    assert shop.rows("weekly_spends").keys() == set(days(4, 7, 8, 9))


def test_more_days_kept_exact_are_rebuilt_though_something_stands_there(shop: Shop) -> None:
    shop.run(jobs=JOBS)
    shop.run(ask(6), jobs=JOBS)
    shop.put({day(6): [("late", "bob", None, 5)]})
    shop.run(jobs=JOBS)
    more = (DAILY, replace(NEWEST, newest_days=5))
    assert dirty(shop, more) == 2
    assert shop.rebuilt(jobs=more) == {"weekly_spends": days(5, 6)}
    assert shop.rows("weekly_spends")[day(6)] == {"ann": 30, "bob": 5}
    assert shop.rebuilt(jobs=(DAILY, WEEKLY)) == {"weekly_spends": days(0, 1, 2, 3, 4)}


def test_days_become_new_again_when_newer_ones_are_taken_back(shop: Shop) -> None:
    old = shop.put({day(6): [("late", "bob", None, 5)]})
    shop.put({day(n): [(f"e{n}", "ann", None, 10)] for n in (10, 11, 12)})
    shop.run(jobs=JOBS)
    roll_back(shop.lake, "events", old.id)
    shop.run(jobs=JOBS)
    assert shop.rows("weekly_spends") == {
        when: rows for when, rows in _expected(shop, 10).items() if when in days(7, 8, 9)
    }


def _expected(shop: Shop, count: int) -> dict[date, dict[str, int]]:
    events = {when: list(rows) for when, rows in TEN_DAYS.items()}
    events[day(6)].append(("late", "bob", None, 5))
    return expected_rows(events)["weekly_spends"]


def test_the_setting_counts_for_every_mart_and_for_no_other_table() -> None:
    for job in find_jobs(Settings(mart_days=7)):
        assert job.newest_days == (7 if declared_tables()[job.table].partition == "as_of" else None)
    assert any(job.newest_days for job in find_jobs())


events_of_a_day = st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 3)), max_size=2)
steps = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 9), events_of_a_day, min_size=1),
        st.booleans(),  # instead of what the days had
        st.one_of(st.none(), st.tuples(st.integers(0, 9), st.booleans())),  # a whole run, or one day
        st.sampled_from([1, 3, 5, None]),  # newest days
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=steps)
def test_the_newest_days_are_as_if_built_anew_whatever_happened(
    steps: list[tuple[dict[int, list[tuple[str, int]]], bool, tuple[int, bool] | None, int | None]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And of older ones those that were asked for stand, as they were then, and no others."""
    monkeypatch.setattr(rebuild, "CHUNK_DAYS", 2)
    shop = Shop(tmp_path_factory.mktemp("shop") / "lake")
    events: dict[date, list[Event]] = {}
    standing: dict[date, dict[str, int]] = {}
    for number, (what, is_instead, asked, newest_days) in enumerate(steps):
        change: dict[date, list[Event]] = {
            day(n): [(f"{number}-{n}-{place}", who, None, amount) for place, (who, amount) in enumerate(rows)]
            for n, rows in what.items()
        }
        shop.put(change, replace=change if is_instead else ())
        kept = {} if is_instead else events
        events = {**events, **{when: [*kept.get(when, []), *rows] for when, rows in change.items()}}
        jobs = (PAID, replace(WEEKLY, newest_days=newest_days))
        shop.run(ask(asked[0], is_forced=asked[1]) if asked else None, jobs=jobs)
        run(shop.lake, jobs, None, catalog=CATALOG)
        known = sorted(when for when, rows in events.items() if rows)
        exact = set(known if newest_days is None else known[-newest_days:])
        spent = {when: paid_in_three_days(events, when) for when in known}
        asked_for = {day(asked[0])} & set(known) - exact if asked else set()
        standing = {when: rows for when, rows in standing.items() if when in known}
        standing |= {when: spent[when] for when in asked_for | (standing.keys() & exact)}
        expected = standing | {when: spent[when] for when in exact}
        assert shop.rows("weekly_spends") == {when: rows for when, rows in expected.items() if rows}
        assert shop.rebuilt(jobs=jobs) == {}


def paid_in_three_days(events: dict[date, list[Event]], last: date) -> dict[str, int]:
    """What each customer paid above nothing."""
    paid: Counter[str] = Counter()
    for back in range(3):
        for _, who, _, amount in events.get(last - timedelta(back), []):
            if amount > 0:
                paid[who] += amount
    return dict(paid)
