"""Oracle of `searches`: for each search, look at every other row."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

ONE_DAY = timedelta(days=1)
SEVEN_DAYS = timedelta(days=7)
TAKEN = (
    *("search_id", "is_derived", "searched_at", "session_id", "customer_id", "is_stitched", "buyer_id"),
    *("anonymous_id", "channel", "query_raw", "query", "result_count", "resulted_at"),
)


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows of the day."""
    requests = between(tables, "search_requests", day, SEVEN_DAYS)
    clicks = between(tables, "search_clicks", day, ONE_DAY)
    events = between(tables, "session_events", day, ONE_DAY)
    lines = between(tables, "order_lines", day, SEVEN_DAYS)
    of_day = sorted((one for one in requests if one["event_date"] == day), key=lambda one: one["search_id"])
    near = [one for one in requests if one["event_date"] <= day + ONE_DAY]
    return [
        {
            **{name: search[name] for name in TAKEN},
            "has_results": None if search["result_count"] is None else search["result_count"] >= 1,
            **of_clicks(search, clicks),
            "is_refined": any(refines(other, search) for other in near),
            "is_exit": not goes_on(search, near, events),
            **of_lines(search, [line for line in lines if owner(line, requests) is search]),
        }
        for search in of_day
    ]


def between(tables: Mapping[str, pa.Table], name: str, day: date, span: timedelta) -> list[Row]:
    """The rows of a table from the day on."""
    rows: list[Row] = tables[name].to_pylist()
    return [row for row in rows if timedelta(0) <= row["event_date"] - day <= span]


def of_clicks(search: Row, clicks: list[Row]) -> Row:
    """What was clicked and favourited."""
    own = sorted(
        (one for one in clicks if one["search_id"] == search["search_id"]),
        key=lambda one: (one["clicked_at"], one["event_id"]),
    )
    clicked = [one for one in own if one["event_type"] == "click"]
    favorited = [one for one in own if one["event_type"] == "favorite"]
    waited = max(clicked[0]["clicked_at"] - search["searched_at"], timedelta(0)) if clicked else None
    return {
        "click_count": len(clicked),
        "first_clicked_at": clicked[0]["clicked_at"] if clicked else None,
        "first_click_position": clicked[0]["position"] if clicked else None,
        "first_click_after_seconds": None if waited is None else waited.total_seconds(),
        "clicked_sku_ids": list(dict.fromkeys(one["sku_id"] for one in clicked)),
        "favorite_count": len(favorited),
        "first_favorited_at": favorited[0]["clicked_at"] if favorited else None,
    }


def refines(other: Row, search: Row) -> bool:
    """Whether the other search refines this one."""
    waited = other["searched_at"] - search["searched_at"]
    return bool(
        other["session_id"] == search["session_id"]
        and other["query"] != search["query"]
        and timedelta(0) < waited <= timedelta(minutes=5)
    )


def goes_on(search: Row, searches: list[Row], events: list[Row]) -> bool:
    """Whether the session goes on after the search."""
    acted = any(
        event["session_id"] == search["session_id"]
        and event["event_type"] in ("view", "click", "favorite", "order")
        and event["occurred_at"] >= search["searched_at"]
        for event in events
    )
    return acted or any(
        other["session_id"] == search["session_id"]
        and other["search_id"] != search["search_id"]
        and other["last_searched_at"] >= search["searched_at"]
        for other in searches
    )


def owner(line: Row, requests: list[Row]) -> Row | None:
    """The search that counts the line."""
    named = [
        search
        for search in requests
        if search["search_id"] == line["search_id"] and search["event_date"] <= line["event_date"]
    ]
    return max(named, key=lambda search: search["event_date"]) if line["is_sale"] and named else None


def of_lines(search: Row, lines: list[Row]) -> Row:
    """What was ordered."""
    exact = [line for line in lines if line["search_attribution"] == "exact"]
    currencies = {line["currency"] for line in lines} - {None}
    paid = [line["paid_at"] for line in lines if line["paid_at"] is not None]
    return {
        "strict_order_line_count": len(exact),
        "strict_amount": sum((line["amount"] for line in exact), Decimal(0)),
        "strict_paid_line_count": sum(line["paid_at"] is not None for line in exact),
        "windowed_order_line_count": len(lines),
        "windowed_amount": sum((line["amount"] for line in lines), Decimal(0)),
        "windowed_paid_line_count": len(paid),
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "first_ordered_at": min((line["ordered_at"] for line in lines), default=None),
        "first_paid_at": min(paid, default=None),
    }
