"""Oracle of `search_clicks`: for each click, look at every search of the day."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows of the day."""
    events = [event for event in tables["events"].to_pylist() if event["event_date"] == day]
    searches = [event for event in events if event["event_type"] == "search"]
    clicks = [event for event in events if event["event_type"] == "click"]
    found = [(click, search_of(click, searches)) for click in sorted(clicks, key=lambda click: click["event_id"])]
    return [
        {
            "event_id": click["event_id"],
            "clicked_at": click["occurred_at"],
            "customer_id": click["customer_id"],
            "anonymous_id": click["anonymous_id"],
            "session_id": click["session_id"],
            "sku_id": click["sku_id"],
            "search_id": search_id,
            "is_derived": click["search_id"] is None,
        }
        for click, search_id in found
        if search_id is not None
    ]


def search_of(click: dict[str, Any], searches: list[dict[str, Any]]) -> str | None:
    """The name of the search the click belongs to."""
    if click["search_id"] is not None:
        return str(click["search_id"])
    earlier = [
        search
        for search in searches
        if same_actor(click, search)
        and timedelta(0) <= click["occurred_at"] - search["occurred_at"] <= timedelta(minutes=30)
    ]
    if not earlier:
        return None
    last = max(earlier, key=lambda search: (search["occurred_at"], search["event_id"]))
    return str(last["event_id"] if last["search_id"] is None else last["search_id"])


def same_actor(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same customer; without a customer on either, the same device."""
    if one["customer_id"] is not None or other["customer_id"] is not None:
        return bool(one["customer_id"] == other["customer_id"])
    return one["anonymous_id"] is not None and bool(one["anonymous_id"] == other["anonymous_id"])
