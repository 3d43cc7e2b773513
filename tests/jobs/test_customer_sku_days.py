"""A customer's day with a product counts what happened, and days add up."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.customer_sku_days import JOB
from tests.jobs.draw import COSTLY, DAY, Row, order_line, session_events
from tests.jobs.rows import computed, table_of
from tests.oracles.customer_sku_days import expected

order_lines = st.lists(order_line(), max_size=8)


@given(session_events(), order_lines)
def test_equals_the_oracle(browsed: list[Row], ordered: list[Row]) -> None:
    tables = {"session_events": table_of("session_events", browsed), "order_lines": table_of("order_lines", ordered)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(session_events(), order_lines)
def test_counts_equal_the_rows_behind_them(browsed: list[Row], ordered: list[Row]) -> None:
    tables = {"session_events": table_of("session_events", browsed), "order_lines": table_of("order_lines", ordered)}
    rows = computed(JOB, tables, DAY)
    known = [event for event in browsed if event["customer_id"]]
    for column, event_type in (("view_count", "view"), ("click_count", "click")):
        assert sum(row[column] for row in rows) == sum(event["event_type"] == event_type for event in known)
    favourites = sum(row["favorite_count"] + row["unfavorite_count"] for row in rows)
    assert favourites == sum(event["event_type"] == "favorite" for event in known)
    sales = [line for line in ordered if line["is_sale"] and line["customer_id"]]
    assert sum(row["amount"] for row in rows) == sum(line["amount"] for line in sales)
    assert sum(row["order_line_count"] for row in rows) == len(sales)
