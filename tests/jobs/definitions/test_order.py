"""The last of several rows."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jobs.definitions.order import last_of_each

START = datetime(2026, 11, 20, tzinfo=UTC)
rows = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["x", None]), st.integers(0, 2), st.integers(0, 2)),
    max_size=8,
)


@given(rows)
def test_the_last_is_that_of_a_full_sort(drawn: list[tuple[str | None, str | None, int, int]]) -> None:
    told = [
        {"one": one, "other": other, "at": START + timedelta(seconds=at), "place": f"{place}-{number}"}
        for number, (one, other, at, place) in enumerate(drawn)
    ]
    schema = {"one": pl.String, "other": pl.String, "at": pl.Datetime("us", "UTC"), "place": pl.String}
    last = last_of_each(pl.LazyFrame(told, schema=schema), ["one", "other"], ["at", "place"]).collect()
    greatest: dict[object, object] = {}
    for row in sorted(told, key=lambda row: (row["at"], row["place"])):
        greatest[row["one"], row["other"]] = row
    assert {(row["one"], row["other"]): row for row in last.to_dicts()} == greatest
    assert last.height == len(greatest)
