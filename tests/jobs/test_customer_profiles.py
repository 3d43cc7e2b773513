"""What a customer wants, how it orders, what it spends, and where it stands."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import customer_lifecycles, customer_profiles
from jobs.orders import JOB as ORDERS
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, instants, some
from tests.jobs.rows import computed, made_by, table_of
from tests.oracles.customer_profiles import expected

JOB = customer_profiles.declare(DEFAULTS)
LIFECYCLES = customer_lifecycles.declare(DEFAULTS)

# Both ends of the window and a day past each; rhythms of days and of weeks.
DAYS = (1, 0, -1, -7, -8, -10, -11, -17, -18, -28, -29, -60, -179, -180)
CUSTOMERS = some("C1", "C1", "C2", "C3")

days = st.sampled_from(DAYS).map(lambda number: DAY + timedelta(number))
counts = st.sampled_from([0, 0, 1, 2])


@st.composite
def order_lines(draw: st.DrawFn) -> list[Row]:
    """Orders of a line or two."""
    orders = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "event_date": days,
                    "ordered_at": instants((-1, 0)),
                    "customer_id": CUSTOMERS,
                    "landing_source": st.sampled_from(["shop", "erp"]),
                    "status": st.sampled_from(["placed", "paid", "paid", "shipped", "returned", "cancelled"]),
                    "paid_at": st.none() | instants((0,)),
                    "currency": some("CNY", "CNY", "USD"),
                    "search_attribution": some("exact", "windowed", None),
                    "amounts": st.lists(
                        st.sampled_from([Decimal(text) for text in ("100", "0.0001", "33.3333", "-20", "0")]),
                        min_size=1,
                        max_size=2,
                    ),
                }
            ),
            max_size=9,
        )
    )
    lines = []
    for place, order in enumerate(orders):
        amounts = order.pop("amounts")
        is_sale = order["status"] not in ("returned", "cancelled")
        is_credit = order["status"] == "returned" and sum(amounts) < 0
        for number, amount in enumerate(amounts, 1):
            net = amount if is_sale or is_credit else Decimal(0)
            told = {"order_id": f"O{place}", "line_number": number, "sku_id": draw(st.sampled_from("pq"))}
            told |= {"amount": amount, "is_sale": is_sale, "net_sales_amount": net}
            lines.append({**order, **told, "is_placed": True, "is_stitched": False})
    return lines


sessions = st.lists(
    st.fixed_dictionaries(
        {
            "event_date": days,
            "customer_id": CUSTOMERS,
            "started_at": instants((0, -1)),
            "is_stitched": st.booleans(),
            "view_count": counts,
            "search_count": counts,
            "click_count": counts,
            "favorite_count": counts,
        }
    ),
    max_size=6,
)
searches = st.lists(
    st.fixed_dictionaries({"event_date": days, "customer_id": CUSTOMERS, "query": st.sampled_from(["a", "b", "阿莫"])}),
    max_size=5,
)
masters = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["C1", "C2", "C8", "C9"]),
            "name": some("仁和"),
            "region": some("浙江"),
            "registered_at": st.none() | instants((0, 1)),
        }
    ),
    max_size=4,
    unique_by=lambda row: row["customer_id"],
)


@st.composite
def interests(draw: st.DrawFn) -> list[Row]:
    """Ranked interests of a few customers, today's and yesterday's."""
    rows = []
    for customer in draw(st.lists(st.sampled_from(["C1", "C4"]), unique=True)):
        for kind in draw(st.lists(st.sampled_from(["sku", "category", "brand"]), unique=True)):
            as_of = DAY - timedelta(draw(st.sampled_from([0, 0, 1])))
            names = draw(st.permutations([f"n{number}" for number in range(draw(st.sampled_from([1, 2, 12])))]))
            for rank, name in enumerate(names, 1):
                row = {"customer_id": customer, "entity_type": kind, "entity_id": name, "rank": rank}
                row |= {"view_count": rank % 2, "has_ordered": rank % 3 == 0}
                rows.append({**row, "as_of": as_of})
    return rows


@st.composite
def shops(draw: st.DrawFn) -> dict[str, pa.Table]:
    drawn = {
        "order_lines": order_lines(),
        "sessions": sessions,
        "search_requests": searches,
        "customer_interests": interests(),
        "customers": masters,
    }
    return with_what_is_made_of_them({name: table_of(name, draw(rows)) for name, rows in drawn.items()})


def with_what_is_made_of_them(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Beside the lines, which the oracle reads, the orders that their job makes of them, and the lifecycles of those."""
    line_days = sorted(set(tables["order_lines"]["event_date"].to_pylist()))
    known = {**tables, "orders": made_by(ORDERS, tables, line_days)}
    return {**known, "customer_lifecycles": made_by(LIFECYCLES, known, [DAY])}


@pytest.mark.ci
@given(shops())
def test_equals_the_oracle_often(tables: dict[str, pa.Table]) -> None:
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(shops())
def test_equals_the_oracle(tables: dict[str, pa.Table]) -> None:
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(shops())
def test_counts_equal_the_sessions_and_orders_behind_them(tables: dict[str, pa.Table]) -> None:
    rows = computed(JOB, tables, DAY)
    visits = Counter(
        row["customer_id"]
        for row in tables["sessions"].to_pylist()
        if 0 <= (DAY - row["event_date"]).days < 180
        and any(row[f"{act}_count"] for act in ("view", "search", "click", "favorite"))
    )
    assert {row["customer_id"]: row["session_count"] for row in rows if row["session_count"]} == {
        name: count for name, count in visits.items() if name
    }
    orders: Counter[Any] = Counter()
    for line in tables["order_lines"].to_pylist():
        if 0 <= (DAY - line["event_date"]).days < 180 and line["is_sale"] and line["customer_id"]:
            orders[line["order_id"]] += line["amount"]
    assert sum(row["order_count"] for row in rows) == sum(total > 0 for total in orders.values())
    assert sum(Counter(row["lifecycle"] for row in rows).values()) == len(rows)


def test_settings_change_the_window() -> None:
    job = customer_profiles.declare(msgspec.structs.replace(DEFAULTS, order_window_days=365))
    assert [read.look_back_days for read in job.inputs] == [364, 364, 364, 0, 0, 0]
