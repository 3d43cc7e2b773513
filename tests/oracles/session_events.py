"""Oracle of sessions and identities: all events of all days at once, one visit at a time, in plain Python.

Nothing here knows of partitions; days come in only where the definition names them. `settings` is read for the two
numbers of the identity and the one of the gap.
"""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from schemas.settings import Settings

Row = dict[str, Any]


def in_order(event: Row) -> Any:
    """The order of events of one device and one session."""
    return event["occurred_at"], event["client_at"], event["event_id"]


def sessions(events: list[Row], settings: Settings) -> list[list[Row]]:
    """The events of each session, in their order."""
    visits: dict[Any, list[Row]] = defaultdict(list)
    for event in sorted(events, key=in_order):
        if event["session_id"] is not None:
            visits["session", event["session_id"]].append(event)
        elif event["anonymous_id"] is not None:
            visits["device", event["anonymous_id"]].append(event)
        else:
            visits["customer", event["customer_id"]].append(event)
    return [
        session for visit in visits.values() for run in runs(visit, settings) for session in once_over_midnight(run)
    ]


def runs(visit: list[Row], settings: Settings) -> list[list[Row]]:
    """Parts a visit where it pauses: so many minutes, or a whole day where the client names the session."""
    found = [[visit[0]]]
    for before, event in pairwise(visit):
        if event["session_id"] is not None:
            is_pause = (event["event_date"] - before["event_date"]).days > 1
        else:
            is_pause = event["occurred_at"] - before["occurred_at"] > timedelta(minutes=settings.session_gap_minutes)
        if is_pause:
            found.append([])
        found[-1].append(event)
    return found


def once_over_midnight(run: list[Row]) -> list[list[Row]]:
    """The first two days of a run are one session, every later day is one of its own."""
    by_day: dict[date, list[Row]] = defaultdict(list)
    for event in run:
        by_day[event["event_date"]].append(event)
    first, *others = by_day.values()
    return [first + others[0], *others[1:]] if others else [first]


def identity(events: list[Row], device: str, day: date, settings: Settings) -> Row:
    """What is known of a device as of the end of the day."""
    window = [
        event
        for event in sorted(events, key=in_order)
        if event["anonymous_id"] == device
        and timedelta(0) <= day - event["event_date"] < timedelta(days=settings.identity_window_days)
    ]
    known = [event for event in window if event["customer_id"] is not None]
    before = [event for event in known if event["event_date"] < day]
    count = len({event["customer_id"] for event in known})
    is_shared = count >= settings.shared_device_customers
    return {
        "anonymous_id": device,
        "customer_id": known[-1]["customer_id"] if known and not is_shared else None,
        "previous_customer_id": before[-1]["customer_id"] if before and not is_shared else None,
        "customer_count": count,
        "is_shared": is_shared,
        "first_seen_at": window[0]["occurred_at"],
        "last_seen_at": window[-1]["occurred_at"],
    }


def resolved(events: list[Row], settings: Settings) -> list[Row]:
    """Every event with its session and customer."""
    rows = []
    for session in sessions(events, settings):
        first = session[0]
        for place, event in enumerate(session):
            found = (
                None if event["customer_id"] is not None else found_customer(event, session[place:], events, settings)
            )
            rows.append(
                {
                    **event,
                    "session_id": first["session_id"] or f"s-{first['event_id']}",
                    "session_date": first["event_date"],
                    "customer_id": event["customer_id"] or found,
                    "is_stitched": found is not None,
                }
            )
    return rows


def found_customer(event: Row, rest_of_session: list[Row], events: list[Row], settings: Settings) -> str | None:
    """Who an event without a customer is taken to be."""
    device, day = event["anonymous_id"], event["event_date"]
    if identity(events, device, day, settings)["is_shared"]:
        return None
    for other in rest_of_session:
        if other["customer_id"] is not None:
            return str(other["customer_id"])
    earlier = [
        other
        for other in events
        if other["anonymous_id"] == device
        and other["customer_id"] is not None
        and in_order(other) < in_order(event)
        and day - other["event_date"] < timedelta(days=settings.identity_window_days)
    ]
    return str(max(earlier, key=in_order)["customer_id"]) if earlier else None
