"""Clicks find their search, whatever order the events came in."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.search_clicks import JOB
from tests.jobs.draw import COSTLY, DAY, Row, events
from tests.jobs.rows import computed, table_of
from tests.oracles.search_clicks import expected


@given(events())
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = {"events": table_of("events", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(events().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = ({"events": table_of("events", rows)} for rows in both)
    assert computed(JOB, one, DAY) == computed(JOB, other, DAY)
