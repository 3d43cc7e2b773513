"""`order_events`: the order events of a day, projected out of `events` so that jobs may look back over them."""

from dataclasses import replace

from schemas.tables.declaration import Check, Table
from schemas.tables.events import TABLE as EVENTS
from schemas.tables.session_events import TABLE as SESSION_EVENTS

COLUMNS = (
    "event_date",
    "event_id",
    "order_id",
    "status",
    "occurred_at",
    "landing_source",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "placed_by",
    "anonymous_id",
    "session_id",
    "channel",
    "search_id",
    "source",
    "campaign_id",
    "campaign_ids",
    "coupon_ids",
    "currency",
    "amount",
    "lines",
)
STATUSES = ("placed", "approved", "paid", "shipped", "returned", "cancelled")
RESOLVED = {"session_id", "customer_id", "is_stitched"}
ALWAYS_ON_AN_ORDER = {"order_id": None, "status": STATUSES}

TABLE = Table(
    name="order_events",
    en="Every order event: an order was placed or changed its status",
    zh="订单事件：下单或订单状态变化",
    grain="one order event",
    key=("event_id",),
    partition="event_date",
    version=2,
    columns=tuple(
        replace(EVENTS.column(name), is_nullable=False, allowed=ALWAYS_ON_AN_ORDER[name])
        if name in ALWAYS_ON_AN_ORDER
        else (SESSION_EVENTS if name in RESOLVED else EVENTS).column(name)
        for name in COLUMNS
    ),
    checks=(Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),),
)
