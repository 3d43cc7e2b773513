"""Draws small, crowded histories: few names and few instants, so that ties, repeats and edges come up all the time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

Row = dict[str, Any]

# For properties that compute many days an example: a quarter as many examples as the profile asks for.
COSTLY = settings(max_examples=settings().max_examples // 4)

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 20)
# Both sides of midnight, and exactly 30 minutes apart, one microsecond less and one more.
TIMES = tuple(
    timedelta(microseconds=microseconds)
    for microseconds in (0, 1, 36_000_000_000, 37_800_000_000, 37_800_000_001, 86_399_999_999)
)

# Of a click before an order: the same instant, both sides of half an hour and of seven days, and just after.
BEFORE = (
    timedelta(0),
    timedelta(minutes=30),
    timedelta(minutes=30, microseconds=1),
    timedelta(days=7),
    timedelta(days=7, microseconds=1),
    timedelta(microseconds=-1),
)


def instants(days_from_day: Sequence[int]) -> st.SearchStrategy[datetime]:
    """Instants at the edges of the days that lie that far from DAY."""
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=ZONE)
    return st.builds(
        lambda days, time: (midnight + timedelta(days) + time).astimezone(UTC),
        st.sampled_from(days_from_day),
        st.sampled_from(TIMES),
    )


def business_day(instant: datetime) -> date:
    """The day in the lake's zone."""
    return instant.astimezone(ZONE).date()


def named(rows: list[Row], order: Sequence[int]) -> list[Row]:
    """Gives every row an event_id whose order is not the order of the list."""
    return [{**row, "event_id": f"e{place:02}"} for row, place in zip(rows, order, strict=False)]


def some(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values, or null."""
    return st.sampled_from([*values, None])


money = st.sampled_from([Decimal(text) for text in ("0", "0.0001", "19.9", "-3.3333", "99999999999999.9999")])

# Who did it, as `session_events` says: a session always, perhaps a customer, whom it may have found by itself.
resolved_actor: dict[str, st.SearchStrategy[Any]] = {
    "customer_id": some("C1", "C2"),
    "is_stitched": st.booleans(),
    "anonymous_id": some("C1", "D1"),
    "session_id": st.sampled_from(["v1", "v2", "s-e00", "s-e01"]),
}

lines = st.lists(
    st.fixed_dictionaries(
        {
            "sku_id": st.sampled_from("pq"),
            "quantity": st.sampled_from([0, 1, 3, -1, -3, 2**31 - 1, 1 - 2**31]),
            "unit_price": money,
            "discount": st.none() | money,
            "search_id": some("q0", None, None),
        }
    ),
    max_size=3,
)


@st.composite
def order_events(draw: st.DrawFn, days_from_day: Sequence[int] = (-2, -1, 0, 1), max_size: int = 10) -> list[Row]:
    """Order events of two or three orders."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "occurred_at": instants(days_from_day),
                    "order_id": st.sampled_from(["O1", "O2", "O3"]),
                    "status": st.sampled_from(
                        ["placed", "placed", "approved", "paid", "shipped", "returned", "cancelled"]
                    ),
                    "lines": st.none() | lines,
                    **resolved_actor,
                    "buyer_id": some("B1", "B2"),
                    "placed_by": st.sampled_from(["customer", "sales_rep"]),
                    "channel": st.sampled_from(["web", "erp"]),
                    "landing_source": st.sampled_from(["shop", "erp"]),
                    "currency": some("CNY", "USD"),
                    "campaign_ids": some([], ["M1"], ["M2", "M1"]),
                    "coupon_ids": some([], ["K1"]),
                }
            ),
            max_size=max_size,
        )
    )
    order = draw(st.permutations(range(len(rows))))
    return [{**row, "event_date": business_day(row["occurred_at"])} for row in named(rows, order)]


@st.composite
def search_clicks(draw: st.DrawFn, days_from_day: Sequence[int] = (-8, -7, -1, 0, 1)) -> list[Row]:
    """Clicks on the products of `lines`, by the customers and devices of `order_events`."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "clicked_at": instants(days_from_day),
                    "event_type": st.sampled_from(["click", "click", "favorite"]),
                    **resolved_actor,
                    "sku_id": st.sampled_from("pq"),
                    "search_id": st.sampled_from(["q1", "q2", "q3"]),
                    "is_derived": st.booleans(),
                }
            ),
            max_size=10,
        )
    )
    order = draw(st.permutations(range(len(rows))))
    return [{**row, "event_date": business_day(row["clicked_at"])} for row in named(rows, order)]


@st.composite
def order_and_clicks(draw: st.DrawFn) -> tuple[Row, list[Row]]:
    """One order of one line, and clicks on its product at the edges of what credits it."""
    ordered_at = datetime(2026, 11, 20, 4, tzinfo=UTC)
    actor = {**resolved_actor, "customer_id": some("C1")}
    line = {"sku_id": "p", "quantity": 1, "unit_price": Decimal(1), "discount": None, "search_id": None}
    order = draw(st.fixed_dictionaries(actor))
    rows = draw(st.lists(st.fixed_dictionaries({"before": st.sampled_from(BEFORE), **actor}), max_size=6))
    clicks = [
        {
            **row,
            "clicked_at": ordered_at - before,
            "search_id": f"q{number}",
            "is_derived": draw(st.booleans()),
            "event_type": "click",
        }
        for number, row in enumerate(rows)
        for before in [row.pop("before")]
    ]
    ids = draw(st.permutations(range(len(rows))))
    return (
        {**order, "event_id": "o", "order_id": "O1", "status": "placed", "occurred_at": ordered_at, "lines": [line]},
        [{**click, "sku_id": "p", "event_date": business_day(click["clicked_at"])} for click in named(clicks, ids)],
    )


@st.composite
def events(draw: st.DrawFn, days_from_day: Sequence[int] = (0,)) -> list[Row]:
    """Events of all six types, the contract's fields in place."""
    types = {
        "view": {"sku_id": st.sampled_from("pq")},
        "favorite": {"sku_id": st.sampled_from("pq"), "action": some("add", "remove")},
        "search": {"query": st.just("阿莫西林"), "search_id": some("q1", "q2")},
        "search_result": {"result_count": st.just(0), "search_id": st.just("q1")},
        "click": {"sku_id": st.sampled_from("pq"), "search_id": some(None, None, "q1")},
        "order": {"order_id": st.just("O1"), "status": st.just("paid")},
    }
    actor = {
        "customer_id": some("C1", "C2"),
        "anonymous_id": st.sampled_from(["C1", "D1"]),
        "session_id": some("v1"),
        "occurred_at": instants(days_from_day),
    }
    kinds = [st.fixed_dictionaries({"event_type": st.just(name), **own, **actor}) for name, own in types.items()]
    rows = draw(st.lists(st.one_of(kinds), max_size=12))
    order = draw(st.permutations(range(len(rows))))
    return [{**row, "event_date": business_day(row["occurred_at"])} for row in named(rows, order)]


@st.composite
def session_events(draw: st.DrawFn, days_from_day: Sequence[int] = (0,)) -> list[Row]:
    """The same with a session and, for some that were sent without, a customer."""
    rows = draw(events(days_from_day))
    stitched = draw(st.lists(some("C1", "C2"), min_size=len(rows), max_size=len(rows)))
    return [
        {
            **row,
            "session_id": row["session_id"] or f"s-{row['event_id']}",
            "session_date": row["event_date"],
            "customer_id": row["customer_id"] or found,
            "is_stitched": row["customer_id"] is None and found is not None,
        }
        for row, found in zip(rows, stitched, strict=True)
    ]


def order_line() -> st.SearchStrategy[Row]:
    """What `customer_sku_days` reads of an order line of DAY."""
    return st.fixed_dictionaries(
        {
            "event_date": st.just(DAY),
            "ordered_at": instants((0,)),
            "status": st.sampled_from(["placed", "returned", "cancelled"]),
            "customer_id": some("C1", "C2"),
            "is_stitched": st.booleans(),
            "sku_id": st.sampled_from("pq"),
            "quantity": st.sampled_from([-1, 2, 2**31 - 1]),
            "amount": st.sampled_from([Decimal(2**31 - 1) * Decimal("99999999999999.9999"), Decimal("-0.0001")]),
            "currency": some("CNY", "USD"),
        }
    ).map(lambda row: {**row, "is_sale": row["status"] == "placed"})


def customer_sku_day(days_from_day: Sequence[int]) -> st.SearchStrategy[Row]:
    """A day of a customer and a product, its instants as crowded as can be."""
    count = st.sampled_from([0, 0, 1, 3, 10**9])
    return st.fixed_dictionaries(
        {
            "event_date": st.sampled_from(days_from_day).map(lambda days: DAY + timedelta(days)),
            "customer_id": st.sampled_from(["C1", "C2"]),
            "sku_id": st.sampled_from("pq"),
            "is_stitched": st.booleans(),
            "view_count": count,
            "click_count": count,
            "favorite_count": count,
            "unfavorite_count": count,
            "order_line_count": count,
            "first_view_at": st.none() | instants((0, -1)),
            "last_view_at": st.none() | instants((0, -1)),
            "last_favorite_at": st.none() | instants((0,)),
            "last_unfavorite_at": st.none() | instants((0,)),
            "last_order_at": instants((0,)),
        }
    ).map(lambda row: row if row["order_line_count"] else {**row, "last_order_at": None})
