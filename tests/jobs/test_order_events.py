"""`order_events` is the order events of the day and nothing else."""

from hypothesis import given

from jobs.order_events import JOB
from tests.jobs.draw import COSTLY, DAY, Row, session_events
from tests.jobs.rows import computed, table_of
from tests.oracles.order_events import expected


@COSTLY
@given(session_events())
def test_equals_the_oracle(rows: list[Row]) -> None:
    sent = [{**row, "session_id": None, "customer_id": None} for row in rows]
    tables = {
        "events": table_of("events", [without(row, "session_date", "is_stitched") for row in sent]),
        "session_events": table_of("session_events", rows),
    }
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


def without(row: Row, *columns: str) -> Row:
    return {name: value for name, value in row.items() if name not in columns}
