"""Draws rows of `searches`: few queries and customers, at the ends of the windows."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.jobs.draw import DAY, Row, instants, some

MONEY = st.sampled_from([Decimal(text) for text in ("0.0001", "19.9", "-3", "100000000000000000.0001")])


def at_most(count: int) -> st.SearchStrategy[int]:
    """A count up to another, both ends often."""
    return st.sampled_from([0, count, count // 2])


@st.composite
def search(draw: st.DrawFn, days_from_day: Sequence[int]) -> Row:
    """A search whose parts do not contradict each other."""
    windowed = draw(st.sampled_from([0, 0, 1, 3]))
    strict = draw(at_most(windowed))
    clicks, favorites = draw(st.sampled_from([0, 1, 2])), draw(st.sampled_from([0, 0, 1]))
    results = draw(some(0, 1, 3, 4, 2**31 - 1))
    windowed_paid = draw(at_most(windowed))
    return {
        "event_date": DAY + timedelta(draw(st.sampled_from(days_from_day))),
        "query": draw(st.sampled_from(["", "amo", "阿莫西林"])),
        "customer_id": draw(some("C1", "C2", "C3")),
        "channel": draw(st.sampled_from(["web", "app"])),
        "result_count": results,
        "has_results": None if results is None else results > 0,
        "resulted_at": None if results is None else draw(instants((0,))),
        "searched_at": draw(instants((0,))),
        "click_count": clicks,
        "first_clicked_at": draw(instants((0,))) if clicks else None,
        "first_click_position": draw(some(0, 1, 10)) if clicks else None,
        "favorite_count": favorites,
        "first_favorited_at": draw(instants((0,))) if favorites else None,
        "is_refined": draw(st.booleans()),
        "is_exit": draw(st.booleans()),
        "strict_order_line_count": strict,
        "strict_amount": draw(MONEY) if strict else Decimal(0),
        "strict_paid_line_count": min(draw(at_most(strict)), windowed_paid),
        "windowed_order_line_count": windowed,
        "windowed_amount": draw(MONEY) if windowed else Decimal(0),
        "windowed_paid_line_count": windowed_paid,
        "currency": draw(some("CNY", "CNY", "USD")) if windowed else None,
        "first_ordered_at": draw(instants((0, 1))) if windowed else None,
        "first_paid_at": draw(instants((0, 1))) if windowed_paid else None,
    }


def searches(days_from_day: Sequence[int], max_size: int = 12) -> st.SearchStrategy[list[Row]]:
    """Searches under names of their own."""
    rows = st.lists(search(days_from_day), max_size=max_size)
    return rows.map(lambda found: [{**row, "search_id": f"q{number:02}"} for number, row in enumerate(found)])
