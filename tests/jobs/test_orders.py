"""An order is what its lines say, once; counts and sums of orders are those of the lines."""

from collections import Counter
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import order_lines
from jobs.orders import JOB
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, order_events, search_clicks
from tests.jobs.rows import computed, made_by, table_of
from tests.oracles.orders import expected

LINES = order_lines.declare(DEFAULTS)
DAYS = tuple(DAY + timedelta(days) for days in (-2, -1, 0, 1))


@st.composite
def tables_of_lines(draw: st.DrawFn) -> dict[str, pa.Table]:
    """Lines of a few orders, made by their own job of events and clicks as crowded as can be."""
    drawn = {"order_events": draw(order_events()), "search_clicks": draw(search_clicks())}
    tables = {name: table_of(name, rows) for name, rows in drawn.items()}
    return {"order_lines": made_by(LINES, tables, DAYS)}


@given(tables_of_lines())
def test_equals_the_oracle(tables: dict[str, pa.Table]) -> None:
    for day in DAYS:
        assert computed(JOB, tables, day) == expected(tables, day)


@COSTLY
@given(tables_of_lines().flatmap(lambda tables: st.permutations(tables["order_lines"].to_pylist())))
def test_order_of_rows_never_shows(lines: list[Row]) -> None:
    ordered = sorted(lines, key=lambda line: (line["order_id"], line["line_number"]))
    one, other = ({"order_lines": table_of("order_lines", rows)} for rows in (lines, ordered))
    assert [computed(JOB, one, day) for day in DAYS] == [computed(JOB, other, day) for day in DAYS]


@COSTLY
@given(tables_of_lines())
def test_counts_and_sums_equal_the_lines_behind_them(tables: dict[str, pa.Table]) -> None:
    lines = tables["order_lines"].to_pylist()
    orders = made_by(JOB, tables, DAYS).to_pylist()
    of_lines = Counter((line["event_date"], line["order_id"]) for line in lines)
    assert {(order["event_date"], order["order_id"]): order["line_count"] for order in orders} == of_lines
    assert len(orders) == len(of_lines)
    for column in ("quantity", "discount", "amount", "net_sales_amount"):
        assert sum(order[column] for order in orders) == sum(line[column] for line in lines)
    for is_sale in (True, False):
        of_orders = [order for order in orders if order["is_sale"] is is_sale]
        behind = [line for line in lines if line["is_sale"] is is_sale]
        assert sum(order["line_count"] for order in of_orders) == len(behind)
        assert sum(order["amount"] for order in of_orders) == sum(line["amount"] for line in behind)
    searched = {(line["event_date"], line["order_id"]) for line in lines if line["search_attribution"] is not None}
    assert {(order["event_date"], order["order_id"]) for order in orders if order["is_from_search"]} == searched


@pytest.mark.parametrize("count", [1, 2, 40])
def test_an_order_has_as_many_products_as_its_lines_name(count: int) -> None:
    line = {"event_date": DAY, "order_id": "O1", "status": "placed", "ordered_at": "2026-11-20T01:00:00Z"}
    line |= {"is_placed": True, "is_stitched": False, "is_sale": True, "quantity": 1, "discount": 0}
    line |= {"unit_price": 1, "amount": 1, "net_sales_amount": 1}
    lines = [{**line, "line_number": place, "sku_id": f"p{place // 2}"} for place in range(1, 2 * count)]
    (order,) = computed(JOB, {"order_lines": table_of("order_lines", lines)}, DAY)
    assert (order["line_count"], order["sku_count"]) == (2 * count - 1, count)
