"""Natural breaks: the best of all groupings, found without trying them all."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.breaks.natural_breaks import bin_edges, bin_of, group_bins
from tests.oracles.order_value_groups import best_groups
from tests.oracles.order_value_groups import bin_of as exact_bin

amounts = st.lists(st.integers(1, 60), min_size=1, max_size=9).map(
    lambda steps: [Decimal(2) ** (s // 3) for s in steps]
)


def bins(values: list[Decimal]) -> list[int]:
    frame = pl.DataFrame({"amount": values}, schema={"amount": pl.Decimal(38, 4)})
    return frame.select(bin=bin_of(pl.col("amount")))["bin"].to_list()


def groups(values: list[Decimal]) -> dict[Decimal, int]:
    places, counts = np.unique(bins(values), return_counts=True)
    found = dict(zip(places.tolist(), group_bins(places, counts).tolist(), strict=True))
    return {value: found[place] for value, place in zip(values, bins(values), strict=True)}


@given(amounts)
def test_equals_the_best_of_all_groupings(values: list[Decimal]) -> None:
    assert groups(values) == best_groups(values)


@given(st.lists(st.integers(1, 10**22).map(lambda number: Decimal(number) / 10_000), min_size=1))
def test_bins_are_hundredths_of_a_decade(values: list[Decimal]) -> None:
    assert [place - 401 for place in bins(values)] == [exact_bin(value) for value in values]


def test_edges_are_where_the_bins_begin() -> None:
    edges = bin_edges().to_list()
    assert edges[0] == Decimal("0.0001")
    assert [exact_bin(edge) for edge in edges[400:]] == list(range(2000))
    assert [exact_bin(edge - Decimal("0.0001")) for edge in edges[401:]] == list(range(1999))


def test_two_clusters_are_two_groups_cut_between_them() -> None:
    values = [Decimal(300 + number) for number in range(30)] + [Decimal(700 + number) for number in range(30)]
    assert set(groups(values).values()) == {1, 2}
    assert {value for value, group in groups(values).items() if group == 1} == set(values[:30])


def test_customers_who_all_spend_the_same_are_one_group() -> None:
    assert set(groups([Decimal(500)] * 40).values()) == {1}


def test_a_bell_is_cut_into_few_groups_of_some_size() -> None:
    draws = np.random.default_rng(1).normal(6, 1, 4000)
    values = [Decimal(int(10_000 * amount)) / 10_000 for amount in np.exp(draws)]
    found = groups(values)
    sizes = np.bincount([found[value] for value in values])[1:]
    assert 3 <= len(sizes) <= 5
    assert sizes.min() >= 200


def test_one_who_spends_a_thousand_times_as_much_is_no_group_of_one() -> None:
    found = groups([*(Decimal(100 + 10 * number) for number in range(40)), Decimal(100_000)])
    assert sum(group == found[Decimal(100_000)] for group in found.values()) >= 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_customers_are_no_error(count: int) -> None:
    assert len(groups([Decimal(10) ** number for number in range(count)])) == count
