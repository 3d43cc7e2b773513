"""Orders are put together the same way from any order of arrival, and stand on one day each."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jobs.order_lines import declare
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, order_and_clicks, order_events, search_clicks
from tests.jobs.rows import computed, frames_for, table_of
from tests.oracles.order_lines import expected

JOB = declare(DEFAULTS)

# Days on both sides of the span within which events are one order: 0 and 180 are, 0 and 181 are not.
SPREAD_DAYS = (0, 1, 90, 180, 181, 270, 361)


def tables_of(events: list[Row], clicks: list[Row]) -> dict[str, Any]:
    return {"order_events": table_of("order_events", events), "search_clicks": table_of("search_clicks", clicks)}


@given(order_events(), search_clicks())
def test_equals_the_oracle(events: list[Row], clicks: list[Row]) -> None:
    tables = tables_of(events, clicks)
    for day in (DAY, DAY - timedelta(1)):
        assert computed(JOB, tables, day) == expected(tables, day)


@given(order_and_clicks())
def test_credit_equals_the_oracle(both: tuple[Row, list[Row]]) -> None:
    order, clicks = both
    tables = tables_of([{**order, "event_date": DAY}], clicks)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(order_events(SPREAD_DAYS))
def test_equals_the_oracle_where_events_lie_far_apart(events: list[Row]) -> None:
    tables = tables_of(events, [])
    for day in {event["event_date"] for event in events}:
        assert computed(JOB, tables, day) == expected(tables, day)


@COSTLY
@given(st.data(), order_events(), search_clicks())
def test_order_of_rows_never_shows(data: st.DataObject, events: list[Row], clicks: list[Row]) -> None:
    shuffled = tables_of(data.draw(st.permutations(events)), data.draw(st.permutations(clicks)))
    assert computed(JOB, shuffled, DAY) == computed(JOB, tables_of(events, clicks), DAY)


@COSTLY
@given(order_events())
def test_order_stands_on_one_day_and_loses_no_line(events: list[Row]) -> None:
    tables = tables_of(events, [])
    days = {event["event_date"] for event in events}
    rows = [(row["order_id"], row["line_number"], day) for day in days for row in computed(JOB, tables, day)]
    assert len({order_id for order_id, _, _ in rows}) == len({(order_id, day) for order_id, _, day in rows})
    assert {order_id for order_id, _, _ in rows} == {event["order_id"] for event in events if event["lines"]}
    counts = Counter(order_id for order_id, _, _ in rows)
    for order_id, count in counts.items():
        assert sorted(number for name, number, _ in rows if name == order_id) == list(range(1, count + 1))


@COSTLY
@given(
    order_events((0, 1, 2, 181)).flatmap(st.permutations),
    st.lists(st.integers(1, 4), min_size=10, max_size=10),
)
def test_days_rebuilt_as_events_arrive_equal_a_full_rebuild(arriving: list[Row], batch_sizes: list[int]) -> None:
    """Any event may come at any run: only the days that `narrow` names are rebuilt after each."""
    published: dict[date, list[Row]] = defaultdict(list)
    arrived: list[Row] = []
    for size in batch_sizes:
        batch, arriving = arriving[:size], arriving[size:]
        arrived += batch
        tables = tables_of(arrived, [])
        for day in dirty_days(tables, sorted({event["event_date"] for event in batch})):
            published[day] = computed(JOB, tables, day)
    days = {event["event_date"] for event in arrived} | set(published)
    assert {day: published[day] for day in days} == {day: computed(JOB, tables, day) for day in days}


@COSTLY
@given(order_events((0, 1, 2, 3)), st.sets(st.integers(0, 4), min_size=1))
def test_narrow_names_the_days_of_the_orders_touched(events: list[Row], offsets: set[int]) -> None:
    changed = sorted(DAY + timedelta(offset) for offset in offsets)
    touched = {event["order_id"] for event in events if event["event_date"] in changed}
    days = {event["event_date"] for event in events if event["order_id"] in touched}
    assert dirty_days(tables_of(events, []), changed) == sorted(days | set(changed))


@COSTLY
@given(order_events())
def test_sales_and_net_sales_add_up(events: list[Row]) -> None:
    rows = computed(JOB, tables_of(events, []), DAY)
    for order_id in {row["order_id"] for row in rows}:
        lines = [row for row in rows if row["order_id"] == order_id]
        total, net = (sum((line[name] for line in lines), Decimal(0)) for name in ("amount", "net_sales_amount"))
        is_note = lines[0]["status"] == "returned" and total < 0
        assert net == (total if lines[0]["is_sale"] or is_note else 0)


def dirty_days(tables: dict[str, Any], changed: list[date]) -> list[date]:
    """What `narrow` says, given the rows within the window around the changed days, as the engine gives them."""
    assert JOB.narrow is not None
    windows = [frames_for(JOB, tables, day)["order_events"] for day in changed]
    if not windows:
        return []
    days = JOB.narrow["order_events"](pl.concat(windows).unique(), changed).collect()
    assert days.schema == {"day": pl.Date}
    return sorted(days["day"])
