"""`order_events` is the order events of the day and nothing else."""

from hypothesis import given

from jobs.order_events import JOB
from tests.jobs.draw import COSTLY, DAY, Row, events
from tests.jobs.rows import computed, table_of
from tests.oracles.order_events import expected


@COSTLY
@given(events())
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = {"events": table_of("events", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)
