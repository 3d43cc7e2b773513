"""Oracle of `search_requests`: walks each actor's events one by one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from tests.oracles.wording import normalized

Row = dict[str, Any]

FOLD = timedelta(seconds=30)


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows of the day."""
    events = [
        {**event, "normal": normalized(event["query"])}
        for event in tables["session_events"].to_pylist()
        if abs(event["event_date"] - day) <= timedelta(days=1)
    ]
    searches = groups(sorted((event for event in events if event["event_type"] == "search"), key=in_order))
    results = sorted((event for event in events if event["event_type"] == "search_result"), key=in_order)
    owned = belonging(results, searches)
    rows = [row_of(name, searches[name], owned[name]) for name in sorted(searches)]
    return [row for row in rows if row.pop("event_date") == day]


def in_order(event: Row) -> tuple[Any, ...]:
    """The order of events."""
    return event["occurred_at"], event["client_at"], event["event_id"]


def device_of(event: Row) -> tuple[str, str]:
    """Who typed."""
    if event["anonymous_id"] is not None:
        return "device", event["anonymous_id"]
    return "customer", event["customer_id"]


def groups(searches: Iterable[Row]) -> dict[str, list[Row]]:
    """The events of each search by its name, in order."""
    named: dict[str, list[Row]] = defaultdict(list)
    last: dict[tuple[str, str], tuple[Row, str]] = {}
    told = set()
    for event in searches:
        if event["search_id"] is not None:
            name = event["search_id"]
            told.add(name)
        else:
            before = last.get(device_of(event))
            is_one = (
                before is not None
                and event["occurred_at"] - before[0]["occurred_at"] <= FOLD
                and event["normal"][: len(before[0]["normal"])] == before[0]["normal"]
            )
            name = before[1] if before is not None and is_one else event["event_id"]
            last[device_of(event)] = event, name
        named[name].append(event)
    for name in told:
        first_day = min(event["event_date"] for event in named[name])
        named[name] = [event for event in named[name] if event["event_date"] == first_day]
    return dict(named)


def belonging(results: list[Row], searches: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The results of each search that may give its count, in order."""
    owned: dict[str, list[Row]] = defaultdict(list)
    for result in results:
        if result["page"] is not None and result["page"] > 1:
            continue
        if result["search_id"] is not None:
            events = searches.get(result["search_id"], [])
            if events and result["normal"] in (None, events[-1]["normal"]):
                owned[result["search_id"]].append(result)
            continue
        typed = [
            (in_order(event), name)
            for name, events in searches.items()
            for event in events
            if event["normal"] == result["normal"] == events[-1]["normal"]
            and device_of(event) == device_of(result)
            and timedelta(0) <= result["occurred_at"] - event["occurred_at"] <= FOLD
        ]
        if typed:
            owned[max(typed)[1]].append(result)
    return owned


def row_of(name: str, events: list[Row], results: list[Row]) -> Row:
    """One search."""
    whole = next(event for event in events if event["normal"] == events[-1]["normal"])
    columns = ("event_date", "session_id", "customer_id", "is_stitched", "buyer_id", "anonymous_id", "channel")
    return {
        **{column: whole[column] for column in columns},
        "search_id": name,
        "is_derived": all(event["search_id"] is None for event in events),
        "started_at": events[0]["occurred_at"],
        "searched_at": whole["occurred_at"],
        "last_searched_at": events[-1]["occurred_at"],
        "event_count": len(events),
        "query_raw": whole["query"],
        "query": whole["normal"],
        "result_count": results[-1]["result_count"] if results else None,
        "resulted_at": results[-1]["occurred_at"] if results else None,
    }
