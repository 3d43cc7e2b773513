"""Terms: what the searches of a window add up to."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.search_terms import declare
from schemas.settings import DEFAULTS
from tests.jobs.draw import DAY, Row
from tests.jobs.draw_search_outcomes import searches
from tests.jobs.draw_searches import QUARTER, SPARSE
from tests.jobs.rows import computed, table_of
from tests.oracles.search_terms import expected

JOB = declare(DEFAULTS)

# Both ends of each window, and a day past each.
DAYS = (1, 0, 0, -1, -6, -7, -27, -28)
ADDITIVE = (
    "search_count",
    "reported_count",
    "zero_result_count",
    "few_result_count",
    "clicked_count",
    "ordered_strict_count",
    "ordered_windowed_count",
    "strict_amount",
    "windowed_amount",
    "refined_count",
    "exit_count",
)


@QUARTER
@given(searches(DAYS))
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = {"searches": table_of("searches", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(searches(DAYS))
def test_equals_the_oracle_many_times(rows: list[Row]) -> None:
    tables = {"searches": table_of("searches", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@SPARSE
@given(searches(DAYS).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = ({"searches": table_of("searches", rows)} for rows in both)
    assert computed(JOB, one, DAY) == computed(JOB, other, DAY)


@SPARSE
@given(searches((0, -1, -2, -6)))
def test_days_add_up_to_the_window(rows: list[Row]) -> None:
    tables = {"searches": table_of("searches", rows)}
    days = [row for number in range(7) for row in computed(JOB, tables, DAY - timedelta(number))]
    for term in computed(JOB, tables, DAY):
        if term["window_days"] == 7:
            of_days = [row for row in days if row["window_days"] == 1 and row["query"] == term["query"]]
            for name in ADDITIVE:
                assert sum(row[name] for row in of_days) == term[name], name


@SPARSE
@given(searches(DAYS))
def test_counts_equal_the_searches_behind_them(rows: list[Row]) -> None:
    for term in computed(JOB, {"searches": table_of("searches", rows)}, DAY):
        behind = [
            row
            for row in rows
            if row["query"] == term["query"] and 0 <= (DAY - row["event_date"]).days < term["window_days"]
        ]
        assert term["search_count"] == len(behind) > 0
        assert term["clicked_count"] == sum(row["first_clicked_at"] is not None for row in behind)
        assert term["zero_result_count"] == sum(row["has_results"] is False for row in behind)
        assert term["ordered_strict_count"] <= term["ordered_windowed_count"] <= len(behind)
        assert (term["zero_result_ratio"] is None) == (term["reported_count"] == 0)
