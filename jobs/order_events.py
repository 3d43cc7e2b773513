"""`order_events`: the day's order events, projected out of `events`.

Meaning: an order was placed or changed its status. The status may arrive days after the order, and a job may look
back only over additive tables, never over raw events: this table is what `order_lines` looks back over.

The customer and the session are those of `session_events`; all else is kept as sent. An order event that a shop's server
sends without a device has a session of its customer, which no visit in the web shop is.

Source: `events` of the day, event_type `order`, and their sessions and customers in `session_events`.
Grain:  one order event; key event_id.
Units:  amount is the total the shop states, in currency; it is kept as sent and compared with nothing here.
"""

from datetime import date

import polars as pl

from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided

COLUMNS = (
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


RESOLVED = ("session_id", "customer_id", "is_stitched")


def order_events(frames: Frames, _day: date) -> pl.LazyFrame:
    """The order events of the day."""
    events, resolved = (frames[table].filter(pl.col("event_type") == "order") for table in ("events", "session_events"))
    return (
        events.drop("session_id", "customer_id")
        .join(resolved.select("event_id", *RESOLVED), on="event_id")
        .select(COLUMNS)
        .sort("event_id")
    )


JOB = Job(
    table="order_events",
    inputs=(Input("events"), Input("session_events")),
    compute=order_events,
    division=Undivided("it keeps few of the rows it reads, and each part would read them all"),
)
