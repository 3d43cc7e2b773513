"""Searches with their outcomes: every click, favourite and line counts at one search."""

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.searches import declare
from schemas.settings import DEFAULTS
from tests.jobs.draw import DAY, Row
from tests.jobs.draw_searches import MIDNIGHT, QUARTER, SPARSE, credited_lines, request, session_events, used_again
from tests.jobs.rows import computed, table_of
from tests.oracles import search_clicks, search_requests
from tests.oracles.searches import expected

JOB = declare(DEFAULTS)
TWO_DAYS = (DAY, DAY + timedelta(1))


def tables_of(events: list[Row], lines: list[Row], again: list[Row]) -> dict[str, pa.Table]:
    """The events, the searches and clicks they make, and the lines."""
    tables = {"session_events": table_of("session_events", events)}
    requests = [{**row, "event_date": day} for day in TWO_DAYS for row in search_requests.expected(tables, day)]
    tables["search_requests"] = table_of("search_requests", [*requests, *again])
    clicks = [{**row, "event_date": day} for day in TWO_DAYS for row in search_clicks.expected(tables, day)]
    tables["search_clicks"] = table_of("search_clicks", clicks)
    return {**tables, "order_lines": table_of("order_lines", lines)}


@QUARTER
@given(session_events(), credited_lines(), used_again())
def test_equals_the_oracle(events: list[Row], lines: list[Row], again: list[Row]) -> None:
    tables = tables_of(events, lines, again)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(session_events(), credited_lines(), used_again())
def test_equals_the_oracle_many_times(events: list[Row], lines: list[Row], again: list[Row]) -> None:
    tables = tables_of(events, lines, again)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


def test_a_session_of_many_searches_equals_the_oracle() -> None:
    """Ties, changes of the query and both sides of five minutes, many times over in one session."""
    steps = [timedelta(seconds=seconds) for seconds in (0, 0, 1, 299, 300, 301, 0, 150, 150, 0)]
    at, requests = MIDNIGHT, []
    for number in range(300):
        at += steps[number * number % 10]
        requests.append(request(f"q{number:03}", at, query="aab"[number * number * number % 3], query_raw="a"))
    tables = {**tables_of([], [], []), "search_requests": table_of("search_requests", requests)}
    rows = computed(JOB, tables, DAY)
    assert rows == expected(tables, DAY)
    assert 0 < sum(row["is_refined"] for row in rows) < len(rows)


@SPARSE
@given(st.data(), session_events(), credited_lines())
def test_order_of_rows_never_shows(data: st.DataObject, events: list[Row], lines: list[Row]) -> None:
    shuffled = tables_of(data.draw(st.permutations(events)), data.draw(st.permutations(lines)), [])
    assert computed(JOB, shuffled, DAY) == computed(JOB, tables_of(events, lines, []), DAY)


@SPARSE
@given(session_events(), credited_lines(), used_again())
def test_counts_equal_the_rows_behind_them(events: list[Row], lines: list[Row], again: list[Row]) -> None:
    tables = tables_of(events, lines, again)
    days = [computed(JOB, tables, day) for day in {row["event_date"] for row in again} | set(TWO_DAYS)]
    found = [row for rows in days for row in rows]
    names = {row["search_id"] for row in tables["search_requests"].to_pylist()}
    clicks = [row for row in tables["search_clicks"].to_pylist() if row["search_id"] in names]
    for kind in ("click", "favorite"):
        behind = [row for row in clicks if row["event_type"] == kind]
        assert sum(row[f"{kind}_count"] for row in found) <= len(behind)
    credited = [row for row in lines if row["is_sale"] and row["search_id"] in names]
    assert sum(row["windowed_order_line_count"] for row in found) <= len(credited)
    for row in found:
        assert row["strict_order_line_count"] <= row["windowed_order_line_count"]
        assert (row["click_count"] > 0) == bool(row["clicked_sku_ids"])
        assert row["result_count"] is None or row["has_results"] == (row["result_count"] > 0)
