"""`order_events`: the day's order events, projected out of `events`.

Meaning: an order was placed or changed its status. The status may arrive days after the order, and a job may look
back only over additive tables, never over raw events: this table is what `order_lines` looks back over.

Source: `events` of the day, event_type `order`.
Grain:  one order event; key event_id.
Units:  amount is the total the shop states, in currency; it is kept as sent and compared with nothing here.
"""

from datetime import date

import polars as pl

from jobs.engine.declaration import Frames, Input, Job

COLUMNS = (
    "event_id",
    "order_id",
    "status",
    "occurred_at",
    "landing_source",
    "customer_id",
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


def order_events(frames: Frames, _day: date) -> pl.LazyFrame:
    """The order events of the day."""
    return frames["events"].filter(pl.col("event_type") == "order").select(COLUMNS).sort("event_id")


JOB = Job(table="order_events", inputs=(Input("events"),), compute=order_events)
