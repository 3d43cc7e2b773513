"""Oracle of `order_lines`: one order at a time, one line at a time, every click looked at."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.oracles.search_clicks import same_actor

Row = dict[str, Any]

RANKS = {"placed": 0, "approved": 1, "paid": 2, "shipped": 3, "returned": 4, "cancelled": 5}


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows of the day."""
    clicks = [
        click
        for click in tables["search_clicks"].to_pylist()
        if click["event_type"] == "click" and timedelta(0) <= day - click["event_date"] <= timedelta(days=7)
    ]
    by_order: dict[str, list[Row]] = defaultdict(list)
    for event in tables["order_events"].to_pylist():
        if abs(event["event_date"] - day) <= timedelta(days=180):
            by_order[event["order_id"]].append(event)
    rows: list[Row] = []
    for order_id in sorted(by_order):
        events = sorted(by_order[order_id], key=lambda e: (e["occurred_at"], RANKS[e["status"]], e["event_id"]))
        origin = next((event for event in events if event["status"] == "placed"), events[0])
        if origin["event_date"] == day:
            rows += lines_of(events, origin, clicks)
    return rows


def lines_of(events: list[Row], origin: Row, clicks: list[Row]) -> list[Row]:
    """The lines of one order; its events come in their order."""
    lines: list[Row] = next((event["lines"] for event in reversed(events) if event["lines"]), [])
    amounts = [line["quantity"] * line["unit_price"] - (line["discount"] or 0) for line in lines]
    status = events[-1]["status"]
    is_sale = status not in ("cancelled", "returned")
    is_counted = is_sale or (status == "returned" and sum(amounts) < 0)
    customer_id, is_stitched = customer_of(events)
    order = {
        "order_id": origin["order_id"],
        "status": status,
        "ordered_at": origin["occurred_at"],
        "is_placed": any(event["status"] == "placed" for event in events),
        "paid_at": next((event["occurred_at"] for event in events if event["status"] == "paid"), None),
        "customer_id": customer_id,
        "is_stitched": is_stitched,
        "buyer_id": last_given(events, "buyer_id"),
        "anonymous_id": last_given(events, "anonymous_id"),
        "placed_by": origin["placed_by"],
        "channel": origin["channel"],
        "landing_source": origin["landing_source"],
        "currency": last_given(events, "currency"),
        "campaign_ids": last_given(events, "campaign_ids"),
        "coupon_ids": last_given(events, "coupon_ids"),
        "is_sale": is_sale,
    }
    rows = []
    for number, (line, amount) in enumerate(zip(lines, amounts, strict=True), start=1):
        search_id, attribution = search_of(line, order, origin, clicks)
        rows.append(
            {
                **order,
                "line_number": number,
                "sku_id": line["sku_id"],
                "quantity": line["quantity"],
                "unit_price": line["unit_price"],
                "discount": line["discount"] or Decimal(0),
                "amount": amount,
                "search_id": search_id,
                "search_attribution": attribution,
                "net_sales_amount": amount if is_counted else Decimal(0),
            }
        )
    return rows


def search_of(line: Row, order: Row, origin: Row, clicks: list[Row]) -> tuple[str | None, str | None]:
    """The search the line is credited to, and how."""
    if line["search_id"] is not None:
        return line["search_id"], "exact"
    candidates = [
        click
        for click in clicks
        if same_actor(click, order)
        and click["sku_id"] == line["sku_id"]
        and timedelta(0) <= order["ordered_at"] - click["clicked_at"] <= timedelta(days=7)
    ]
    if not candidates:
        return None, None
    last = max(candidates, key=lambda click: (click["clicked_at"], click["event_id"]))
    is_same_visit = last["session_id"] == origin["session_id"]
    if origin["anonymous_id"] is None and origin["session_id"].startswith("s-"):
        is_same_visit = is_same_visit or order["ordered_at"] - last["clicked_at"] <= timedelta(minutes=30)
    return last["search_id"], "exact" if is_same_visit and not last["is_derived"] else "windowed"


def customer_of(events: list[Row]) -> tuple[str | None, bool]:
    """The last customer sent; if none was, the last found."""
    known = [event for event in events if event["customer_id"] is not None]
    sent = [event for event in known if not event["is_stitched"]]
    if sent:
        return sent[-1]["customer_id"], False
    return (known[-1]["customer_id"], True) if known else (None, False)


def last_given(events: list[Row], column: str) -> Any:
    """The column of the last event that gives it."""
    return next((event[column] for event in reversed(events) if event[column] is not None), None)
