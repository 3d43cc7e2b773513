"""What customers usually spend in an order, and the groups of those who spend alike."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs import order_value_groups
from jobs.orders import JOB as ORDERS
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, instants, some
from tests.jobs.rows import computed, made_by, table_of
from tests.oracles import price_points
from tests.oracles.order_value_groups import expected, paid_orders

JOB = order_value_groups.declare(DEFAULTS)

DAYS = (1, 0, -1, -2, -178, -179, -180)
AMOUNTS = [Decimal(text) for text in ("100", "100.0001", "33.3333", "250", "10000", "260000.5", "0", "-20", "0.0001")]


@st.composite
def order_lines(draw: st.DrawFn, max_size: int = 14) -> list[Row]:
    """Orders of a few customers; every order has one line or two."""
    orders = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "event_date": st.sampled_from(DAYS).map(lambda days: DAY + timedelta(days)),
                    "ordered_at": instants((-1, 0)),
                    "customer_id": some("C1", "C1", "C2", "C3", "C4"),
                    "landing_source": st.sampled_from(["shop", "erp"]),
                    "status": st.sampled_from(["placed", "approved", "paid", "shipped", "returned", "cancelled"]),
                    "paid_at": st.none() | instants((0,)),
                    "currency": st.sampled_from(["CNY", "CNY", "CNY", "USD", None]),
                    "amounts": st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=2),
                }
            ),
            max_size=max_size,
        )
    )
    return [
        line
        for number, order in enumerate(orders)
        for line in lines_of({**order, "order_id": f"O{number % 10}{number}"}, order["amounts"])
    ]


def lines_of(order: Row, amounts: list[Decimal]) -> list[Row]:
    """As `order_lines` has them: credit notes keep their negative amount in net_sales_amount."""
    is_sale = order["status"] not in ("returned", "cancelled")
    is_credit = order["status"] == "returned" and sum(amounts) < 0
    told = {name: value for name, value in order.items() if name != "amounts"}
    return [
        {**told, "line_number": number, "amount": amount, "is_sale": is_sale, "is_placed": True, "is_stitched": False}
        | {"net_sales_amount": amount if is_sale or is_credit else Decimal(0)}
        for number, amount in enumerate(amounts, 1)
    ]


def customers_of_one_order_each(*amounts: str) -> list[Row]:
    return [
        line
        for number, amount in enumerate(amounts)
        for line in lines_of(
            {
                "event_date": DAY,
                "ordered_at": "2026-11-20T01:00:00Z",
                "order_id": f"O{number}",
                "customer_id": f"C{number}",
                "status": "paid",
                "currency": "CNY",
            },
            [Decimal(amount)],
        )
    ]


def tables_of(rows: list[Row]) -> dict[str, pa.Table]:
    """The lines, which the oracle reads, and the orders that their job makes of them."""
    lines = {"order_lines": table_of("order_lines", rows)}
    return {**lines, "orders": made_by(ORDERS, lines, sorted({row["event_date"] for row in rows}))}


def found(rows: list[Row]) -> list[dict[str, Any]]:
    return computed(JOB, tables_of(rows), DAY)


@given(order_lines())
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = tables_of(rows)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(st.lists(st.integers(1, 12).map(lambda step: str(Decimal(5) * 3**step)), min_size=1, max_size=9))
def test_groups_of_many_customers_equal_the_oracle(amounts: list[str]) -> None:
    tables = tables_of(customers_of_one_order_each(*amounts))
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(order_lines().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    assert found(both[0]) == found(both[1])


@COSTLY
@given(order_lines())
def test_counts_equal_the_orders_and_customers_behind_them(lines: list[Row]) -> None:
    rows = found(lines)
    paid, _ = paid_orders(
        line for line in table_of("order_lines", lines).to_pylist() if 0 <= (DAY - line["event_date"]).days < 180
    )
    assert {row["customer_id"]: row["paid_order_count"] for row in rows} == Counter(o["customer_id"] for o in paid)
    assert sum(row["paid_amount"] for row in rows) == sum(order["total"] for order in paid)
    members = Counter((row["currency"], row["group_number"]) for row in rows)
    for row in rows:
        assert row["group_customer_count"] == members[row["currency"], row["group_number"]]


def test_300_and_700_are_not_judged_by_500() -> None:
    rows = found(customers_of_one_order_each(*["300"] * 20, *["310"] * 10, *["700"] * 20, *["720"] * 10))
    facts = {(r["group_number"], r["group_customer_count"], r["group_threshold_amount"]) for r in rows}
    assert facts == {(1, 30, Decimal(350)), (2, 30, Decimal(800))}
    assert {row["gap_amount"] for row in rows} == {Decimal(50), Decimal(40), Decimal(100), Decimal(80)}


def test_the_only_currency_of_a_customer_counts_and_null_groups_by_itself() -> None:
    lines = customers_of_one_order_each("100", "100", "100")
    rows = found([lines[0], {**lines[1], "currency": None}, {**lines[2], "currency": "USD"}])
    assert [(row["currency"], row["group_customer_count"]) for row in rows] == [("CNY", 1), (None, 1), ("USD", 1)]


def test_price_points_of_the_oracle_are_those_of_the_settings() -> None:
    assert DEFAULTS.price_points == price_points.PRICE_POINTS


def test_settings_change_the_definition() -> None:
    chosen = msgspec.structs.replace(DEFAULTS, order_window_days=1, usual_order_count=1, price_points=(7,))
    job = order_value_groups.declare(chosen)
    assert job.inputs[0].look_back_days == 0
    first, second = customers_of_one_order_each("100", "15")
    lines = [first, {**second, "customer_id": "C0", "ordered_at": "2026-11-20T02:00:00Z"}]
    (row,) = computed(job, tables_of(lines), DAY)
    assert (row["usual_order_amount"], row["group_threshold_amount"], row["gap_amount"]) == (15, 21, 6)
