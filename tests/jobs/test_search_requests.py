"""Keystrokes and repeats are one search, whoever sends ids and whoever does not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.search_requests import declare
from schemas.settings import DEFAULTS
from tests.jobs.draw import DAY, Row
from tests.jobs.draw_searches import QUARTER, SPARSE, session_events
from tests.jobs.rows import computed, table_of
from tests.oracles.search_requests import expected

JOB = declare(DEFAULTS)
DAYS = tuple(DAY + timedelta(days) for days in (-1, 0, 1))


@QUARTER
@given(session_events(("search", "search_result", "search_result")))
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = {"session_events": table_of("session_events", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(session_events(("search", "search_result", "search_result")))
def test_equals_the_oracle_many_times(rows: list[Row]) -> None:
    tables = {"session_events": table_of("session_events", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@SPARSE
@given(session_events().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = ({"session_events": table_of("session_events", rows)} for rows in both)
    assert computed(JOB, one, DAY) == computed(JOB, other, DAY)


@SPARSE
@given(session_events(("search",)))
def test_every_search_event_is_in_one_search_of_one_day(rows: list[Row]) -> None:
    """Names that no client uses twice over: then counts of events add up over the days."""
    single = [{**row, "search_id": None} for row in rows if row["event_type"] == "search"]
    tables = {"session_events": table_of("session_events", single)}
    found = [row for day in DAYS for row in computed(JOB, tables, day)]
    assert sum(row["event_count"] for row in found) == len(single)
    assert len({row["search_id"] for row in found}) == len(found)


@SPARSE
@given(session_events(("search",)))
def test_a_search_id_stands_on_one_of_two_days_running(rows: list[Row]) -> None:
    tables = {"session_events": table_of("session_events", rows)}
    yesterday, today = ({row["search_id"] for row in computed(JOB, tables, day)} for day in DAYS[:2])
    given_ids = {row["search_id"] for row in rows} - {None}
    assert not yesterday & today & given_ids


def test_a_search_that_is_called_by_its_name_the_next_day_stays_where_it_was() -> None:
    unnamed = {
        "event_type": "search",
        "event_id": "e1",
        "event_date": DAY - timedelta(1),
        "occurred_at": "2026-11-19T15:59:20Z",
        "anonymous_id": "D1",
        "is_stitched": False,
        "session_id": "v1",
        "query": "a",
    }
    named = {
        **unnamed,
        "event_id": "e2",
        "event_date": DAY,
        "occurred_at": "2026-11-19T16:34:20Z",
        "search_id": "e1",
    }
    tables = {"session_events": table_of("session_events", [unnamed, named])}
    assert [row["event_count"] for row in computed(JOB, tables, DAY - timedelta(1))] == [1]
    assert computed(JOB, tables, DAY) == []
