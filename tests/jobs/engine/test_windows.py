"""What a job sees of a day is the same whether its window is held or read anew, and so are the bytes it makes."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from jobs.engine import windows
from jobs.engine.compute import compute_day
from jobs.engine.dirty import View, look_at
from jobs.engine.windows import Windows
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import CATALOG, LATE, Shop, day

DAYS = [day(n) for n in (2, 3, 4, 9)]


@pytest.fixture
def view(tmp_path: Path) -> View:
    shop = Shop(tmp_path / "lake")
    shop.put({day(n): [(f"e{n}", "ann", f"o{n // 3}", n), (f"f{n}", "bob", None, n)] for n in range(15) if n != 5})
    return look_at(shop.lake, CATALOG, LATE, lambda table: current_snapshot(shop.lake, table))


def seen(view: View, when: date) -> pl.DataFrame:
    return Windows(LATE, view, DAYS).frames(when)["events"].collect().sort("event_id")


def test_a_held_window_shows_the_days_declared_and_no_others(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {when: seen(view, when) for when in DAYS}
    assert held[day(3)]["event_date"].unique().sort().to_list() == [day(n) for n in (0, 1, 2, 3, 4, 6)]
    monkeypatch.setattr(windows, "MAX_HELD_ROWS", 0)
    for when in DAYS:
        assert seen(view, when).equals(held[when])
        assert seen(view, when).schema == held[when].schema


def test_equal_rows_give_equal_bytes_either_way(view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for limit in (windows.MAX_HELD_ROWS, 0):
        monkeypatch.setattr(windows, "MAX_HELD_ROWS", limit)
        shared = Windows(LATE, view, DAYS)
        staged = [compute_day(LATE, view, when, tmp_path / str(limit), shared) for when in DAYS]
        written.append([one.path.read_bytes() for one in staged if one])
    assert len(written[0]) == 2
    assert written[0] == written[1]


def of_orders_seen(events: pl.LazyFrame, days: list[date]) -> pl.LazyFrame:
    seen = events.filter(pl.col("event_date").is_in(days) & pl.col("order_id").is_not_null()).select("order_id")
    return events.join(seen, on="order_id", how="semi")


@pytest.mark.parametrize(("limit", "held"), [(500_000, [5, 5, 4, 3]), (4, [5, 5, 2, 3]), (1, [3, 2, 2, 3])])
def test_what_days_need_of_a_window_is_held_for_as_many_as_fit(
    view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, held: list[int]
) -> None:
    plain = [compute_day(LATE, view, when, tmp_path / "plain") for when in DAYS]
    monkeypatch.setattr(windows, "MAX_HELD_ROWS", limit)
    job = replace(LATE, needed={"events": of_orders_seen})
    shared = Windows(job, view, DAYS)
    assert [len(shared.frames(when)["events"].collect()) for when in DAYS] == held
    staged = [compute_day(job, view, when, tmp_path / "shared", shared) for when in DAYS]
    assert [one.path.read_bytes() for one in staged if one] == [one.path.read_bytes() for one in plain if one]


def test_a_day_without_rows_in_its_window_is_known_to_be_one(view: View) -> None:
    shared = Windows(LATE, view, DAYS)
    assert shared.has_rows(day(5))
    assert not shared.has_rows(day(40))


def test_a_day_has_few_rows_by_what_its_frames_hold(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(LATE, needed={"events": of_orders_seen})
    alone, together = Windows(job, view, DAYS[:1]), Windows(job, view, DAYS)
    for shared in (alone, together):
        shared.frames(DAYS[0])
    assert not alone.has_few_rows(DAYS[0])  # little is needed of its window, and nothing held
    for limit, has_few in ((7, False), (8, True)):  # what all four days need is held for each
        monkeypatch.setattr(windows, "IN_MEMORY_ROWS", limit)
        assert together.has_few_rows(DAYS[0]) is has_few
    for limit, has_few in ((9, False), (10, True)):
        monkeypatch.setattr(windows, "IN_MEMORY_ROWS", limit)
        assert Windows(LATE, view, DAYS).has_few_rows(DAYS[0]) is has_few
