"""The funnel: each step is a part of the one before, in searches and in customers."""

from datetime import timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.search_funnel import JOB, STEPS
from schemas.tables.customer_lifecycles import LIFECYCLES
from tests.jobs.draw import DAY, Row
from tests.jobs.draw_search_outcomes import searches
from tests.jobs.draw_searches import QUARTER, SPARSE
from tests.jobs.rows import computed, table_of
from tests.oracles.search_funnel import expected

DAYS = (0, 0, 0, 0, -1, 1)

lifecycles = st.lists(
    st.fixed_dictionaries(
        {
            "event_date": st.sampled_from([0, -1, -2, -7, -8]).map(lambda number: DAY + timedelta(number)),
            "customer_id": st.sampled_from(["C1", "C2"]),
            "lifecycle": st.sampled_from(LIFECYCLES),
        }
    ),
    max_size=6,
    unique_by=lambda row: (row["event_date"], row["customer_id"]),
)


def tables_of(rows: list[Row], known: list[Row]) -> dict[str, pa.Table]:
    return {"searches": table_of("searches", rows), "customer_lifecycles": table_of("customer_lifecycles", known)}


@QUARTER
@given(searches(DAYS), lifecycles)
def test_equals_the_oracle(rows: list[Row], known: list[Row]) -> None:
    tables = tables_of(rows, known)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(searches(DAYS), lifecycles)
def test_equals_the_oracle_many_times(rows: list[Row], known: list[Row]) -> None:
    tables = tables_of(rows, known)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@SPARSE
@given(st.data(), searches(DAYS), lifecycles)
def test_order_of_rows_never_shows(data: st.DataObject, rows: list[Row], known: list[Row]) -> None:
    shuffled = tables_of(data.draw(st.permutations(rows)), data.draw(st.permutations(known)))
    assert computed(JOB, shuffled, DAY) == computed(JOB, tables_of(rows, known), DAY)


@SPARSE
@given(searches((0,)), lifecycles)
def test_each_step_is_a_part_of_the_one_before(rows: list[Row], known: list[Row]) -> None:
    found = computed(JOB, tables_of(rows, known), DAY)
    assert sum(row["searched_search_count"] for row in found) == len(rows)
    for row in found:
        for unit in ("search", "customer"):
            counts = [row[f"{step}_{unit}_count"] for step in STEPS]
            assert all(earlier >= later for earlier, later in pairwise(counts))
            assert row[f"ordered_windowed_{unit}_count"] <= row[f"clicked_ordered_windowed_{unit}_count"]
            assert row[f"clicked_ordered_windowed_{unit}_count"] <= row[f"clicked_{unit}_count"]
        for step in STEPS:
            assert row[f"{step}_customer_count"] <= row[f"{step}_search_count"]


@SPARSE
@given(searches((0,)), lifecycles)
def test_counts_equal_the_searches_behind_them(rows: list[Row], known: list[Row]) -> None:
    found = computed(JOB, tables_of(rows, known), DAY)
    clicked = [row for row in rows if row["click_count"] > 0 and row["has_results"] is not False]
    ordered = [row for row in clicked if row["windowed_order_line_count"]]
    favorited = [row for row in ordered if row["favorite_count"]]
    assert sum(row["clicked_search_count"] for row in found) == len(clicked)
    assert sum(row["clicked_ordered_windowed_search_count"] for row in found) == len(ordered)
    assert sum(row["ordered_windowed_search_count"] for row in found) == len(favorited)
    by_channel = {(row["channel"], row["customer_id"]) for row in rows if row["customer_id"]}
    assert sum(row["searched_customer_count"] for row in found) == len(by_channel)
