"""Oracle of `sessions`: the sessions of all events, each counted by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

from schemas.settings import Settings
from tests.oracles.session_events import in_order, resolved

Row = dict[str, Any]


def expected(events: list[Row], settings: Settings) -> dict[date, list[Row]]:
    """The rows of every day."""
    by_session: dict[tuple[date, str], list[Row]] = {}
    for event in resolved(events, settings):
        by_session.setdefault((event["session_date"], event["session_id"]), []).append(event)
    days: dict[date, list[Row]] = {event["event_date"]: [] for event in events}
    for (day, session_id), rows in sorted(by_session.items()):
        days[day].append({"session_id": session_id, **session(sorted(rows, key=in_order))})
    return days


def session(events: list[Row]) -> Row:
    """One session; its events come in their order."""

    def count(is_counted: Callable[[Row], bool]) -> int:
        return sum(1 for event in events if is_counted(event))

    def first(column: str) -> Any:
        return next((event[column] for event in events if event[column] is not None), None)

    started_at, ended_at = events[0]["occurred_at"], events[-1]["occurred_at"]
    return {
        "customer_id": first("customer_id"),
        "is_stitched": any(event["is_stitched"] for event in events),
        "buyer_id": first("buyer_id"),
        "anonymous_id": first("anonymous_id"),
        "channel": events[0]["channel"],
        "landing_source": events[0].get("landing_source", "shop"),
        "started_at": started_at,
        "ended_at": ended_at,
        "duration_seconds": (ended_at - started_at).total_seconds(),
        "event_count": len(events),
        "view_count": count(lambda event: event["event_type"] == "view"),
        "distinct_sku_count": len({e["sku_id"] for e in events if e["event_type"] in ("view", "click", "favorite")}),
        "search_count": count(lambda event: event["event_type"] == "search"),
        "click_count": count(lambda event: event["event_type"] == "click"),
        "favorite_count": count(lambda event: event["event_type"] == "favorite" and event["action"] != "remove"),
        "order_count": len(
            {e["order_id"] for e in events if e["event_type"] == "order" and e["status"] == "placed"},
        ),
        "is_bounce": len(events) == 1,
    }
