"""Text in bulk equals the standard library's, one at a time."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.generator.dice import Dice, exponential, lognormal, spread, wheel
from pipelines.generator.text import concat, hexadecimals, instants, money, side_by_side, text_table, texts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Hypothesis wants naive bounds beside `timezones`.
MOMENTS = st.datetimes(datetime(1991, 1, 2), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(MOMENTS, min_size=1, max_size=5), st.sampled_from([0, 3, 6]), st.sampled_from(["Z", "+08:00"]))
def test_instants_are_those_of_datetime(moments: list[datetime], digits: int, suffix: str) -> None:
    micros = np.asarray([(moment - EPOCH) // timedelta(microseconds=1) for moment in moments])
    zone = UTC if suffix == "Z" else timezone(timedelta(hours=8))
    precision = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[digits]
    wanted = [moment.astimezone(zone).isoformat(timespec=precision)[:-6] + suffix for moment in moments]
    assert texts(instants(micros, digits, suffix)).to_pylist() == wanted


@given(st.integers(0, 10**17))
def test_money_is_exact_with_two_to_four_decimals(amount: int) -> None:
    text = money(amount)
    assert Decimal(text) == Decimal(amount) / 10_000
    assert 2 <= len(text.partition(".")[2]) <= 4


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5))
def test_hexadecimals_are_those_of_format(words: list[int]) -> None:
    found = texts(hexadecimals(np.asarray(words, dtype=np.uint64))).to_pylist()
    assert found == [f"{word:016x}" for word in words]


def test_pieces_stand_side_by_side() -> None:
    two = side_by_side(2, "a", np.frombuffer(b"xyzw", dtype=np.uint8).reshape(2, 2), "b")
    assert texts(two).to_pylist() == ["axyb", "azwb"]
    assert concat("1", text_table(["甲", "乙"]), "2").to_pylist() == ["1甲2", "1乙2"]
    assert texts(side_by_side(0, "a")).to_pylist() == []


@given(st.integers(0, 10**6), st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_spread_loses_nothing_and_is_fair(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * weight / sum(weights)) <= 1 for part, weight in zip(parts, weights, strict=True))


@given(st.integers(0, 2**63 - 1), st.integers(1, 10**6), st.integers(0, 50))
def test_dice_stay_in_bounds_and_fall_the_same_way_twice(seed: int, bound: int, count: int) -> None:
    drawn = Dice(seed, 1).below(bound, count)
    assert len(drawn) == count
    assert ((drawn >= 0) & (drawn < bound)).all()
    assert (drawn == Dice(seed, 1).below(bound, count)).all()


def test_dice_are_those_of_pcg64() -> None:
    # Written down once: another NumPy or another machine must not change what a seed gives.
    assert Dice(1, 2, 3).words(2).tolist() == [557579879607704519, 17427803069986898166]


def test_every_key_has_dice_of_its_own() -> None:
    keys = [(), (0,), (1,), (1, 0), (1, 0, 0), (0, 1), (1, 2), (1, 3), (1, 2, 0), (1, 3, 4)]
    assert len({Dice(*key).words(1)[0] for key in keys}) == len(keys)


def test_wheels_are_proportional() -> None:
    counts = np.bincount(wheel([1, 0, 3], 4096), minlength=3).tolist()
    assert counts == [1024, 0, 3072]


@pytest.mark.parametrize(("table", "middle"), [(lognormal(700, 0.25), 700), (exponential(1000), 693)])
def test_quantile_tables_have_the_right_median(table: np.ndarray, middle: int) -> None:
    assert len(table) == 4096
    assert abs(np.median(table) - middle) <= 1
    assert (np.diff(table) >= 0).all()
