"""Clicks and favourites find their search, whatever order the events came in."""

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.search_clicks import JOB
from tests.jobs.draw import DAY, Row
from tests.jobs.draw_searches import QUARTER, SPARSE, session_events
from tests.jobs.rows import computed, table_of
from tests.oracles import search_requests
from tests.oracles.search_clicks import expected

KINDS = ("click", "click", "favorite", "search")


def tables_of(rows: list[Row]) -> dict[str, pa.Table]:
    """The events, and the searches they make."""
    tables = {"session_events": table_of("session_events", rows)}
    requests = [
        {**request, "event_date": day}
        for day in (DAY - timedelta(1), DAY, DAY + timedelta(1))
        for request in search_requests.expected(tables, day)
    ]
    return {**tables, "search_requests": table_of("search_requests", requests)}


@QUARTER
@given(session_events(KINDS))
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = tables_of(rows)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(session_events(KINDS))
def test_equals_the_oracle_many_times(rows: list[Row]) -> None:
    tables = tables_of(rows)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@SPARSE
@given(session_events(KINDS).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = (tables_of(rows) for rows in both)
    assert computed(JOB, one, DAY) == computed(JOB, other, DAY)
