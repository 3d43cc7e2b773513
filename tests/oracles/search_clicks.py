"""Oracle of `search_clicks`: for each click and favourite, look at every search of the day and the day before."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows of the day."""
    searches = [
        search
        for search in tables["search_requests"].to_pylist()
        if search["event_date"] in (day, day - timedelta(days=1))
    ]
    acts = [
        event
        for event in tables["session_events"].to_pylist()
        if event["event_date"] == day
        and (event["event_type"] == "click" or (event["event_type"] == "favorite" and event["action"] != "remove"))
    ]
    found = [(act, search_of(act, searches)) for act in sorted(acts, key=lambda act: act["event_id"])]
    return [
        {
            **{name: act[name] for name in ("event_id", "event_type", "customer_id", "is_stitched", "anonymous_id")},
            **{name: act[name] for name in ("session_id", "sku_id", "position")},
            "clicked_at": act["occurred_at"],
            "search_id": search_id,
            "is_derived": act["search_id"] is None,
        }
        for act, search_id in found
        if search_id is not None
    ]


def search_of(act: Row, searches: list[Row]) -> str | None:
    """The name of the search the click belongs to."""
    if act["search_id"] is not None:
        return str(act["search_id"])
    earlier = [
        search
        for search in searches
        if same_actor(act, search)
        and timedelta(0) <= act["occurred_at"] - search["started_at"] <= timedelta(minutes=30)
    ]
    if not earlier:
        return None
    return str(max(earlier, key=lambda search: (search["started_at"], search["search_id"]))["search_id"])


def same_actor(one: Row, other: Row) -> bool:
    """The same customer; without a customer on either, the same device."""
    if one["customer_id"] is not None or other["customer_id"] is not None:
        return bool(one["customer_id"] == other["customer_id"])
    return one["anonymous_id"] is not None and bool(one["anonymous_id"] == other["anonymous_id"])
