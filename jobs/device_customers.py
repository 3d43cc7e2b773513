"""`device_customers`: which customers were seen on which device in a day.

Meaning: one row for each customer_id that events of a device were sent with, and one for its events without any, with
the first and the last event. The last is that of the order (occurred_at, client_at, event_id). `identities` looks back
over these rows; they add up over days.

Source: `events` of the day that have an anonymous_id.
Grain:  one device and one customer (or none); key (anonymous_id, last_event_id).
Units:  instants UTC.
"""

from datetime import date

import polars as pl

from jobs.definitions.order import last_of_each
from jobs.definitions.reading import read_once
from jobs.definitions.visits import EVENT_ORDER
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided

PAIR = ("anonymous_id", "customer_id")


def device_customers(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's pairs of device and customer."""
    events = frames["events"].filter(pl.col("anonymous_id").is_not_null())
    seen = read_once(events.select(*PAIR, *EVENT_ORDER))
    first = seen.group_by(PAIR).agg(pl.col("occurred_at").min().alias("first_at"))
    last = last_of_each(seen, PAIR, EVENT_ORDER).select(
        *PAIR,
        pl.col("occurred_at").alias("last_at"),
        pl.col("client_at").alias("last_client_at"),
        pl.col("event_id").alias("last_event_id"),
    )
    return first.join(last, on=PAIR, nulls_equal=True).sort(PAIR)


JOB = Job(
    table="device_customers", inputs=(Input("events"),), compute=device_customers, division=Divided("anonymous_id")
)
