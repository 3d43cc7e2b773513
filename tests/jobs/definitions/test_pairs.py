"""Pairs of names as numbers: in the order of the names, and the names again."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jobs.definitions.pairs import PAIR, pairs_of

NAME = st.text(max_size=3)


@given(st.lists(st.tuples(NAME, NAME), max_size=20))
def test_numbers_sort_as_the_names_do_and_give_them_again(names: list[tuple[str, str]]) -> None:
    rows = pl.LazyFrame(names, schema={"sku_id": pl.String, "customer_id": pl.String}, orient="row")
    pairs = pairs_of(rows, "sku_id", "customer_id")
    numbered = rows.with_columns(pairs.number()).sort(PAIR)
    by_name = sorted(names, key=lambda pair: [name.encode() for name in pair])
    assert numbered.select(*pairs.names()).collect().rows() == by_name
    assert numbered.select(pl.col(PAIR).n_unique()).collect().item() == len(set(names))
