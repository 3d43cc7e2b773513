"""`device_customers`: which customers were seen on which device in a day, and from when to when.

Meaning: the events of a device that were sent with a customer_id, in the order (occurred_at, client_at, event_id), fall into
stays: one after another with the same customer. One row for each stay, with its first and its last event, and one row for
the device's events that were sent without any customer. Events without one part no stay. `identities` looks back over these
rows, and `session_events` sees in them who was on the device last; they add up over days.

Source: `events` of the day that have an anonymous_id.
Grain:  one stay of one customer on one device, or the device without any; key (anonymous_id, last_event_id).
Units:  instants UTC.
"""

from datetime import date

import polars as pl

from jobs.definitions.visits import EVENT_ORDER
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided

PAIR = ("anonymous_id", "customer_id")


def device_customers(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's stays."""
    events = frames["events"].filter(pl.col("anonymous_id").is_not_null()).select(*PAIR, *EVENT_ORDER)
    is_other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in PAIR)
    return (
        events.sort("anonymous_id", pl.col("customer_id").is_not_null(), *EVENT_ORDER)
        .with_columns(stay=is_other.cum_sum())
        .group_by("stay", maintain_order=True)
        .agg(
            pl.col(PAIR).first(),
            pl.col("occurred_at").first().alias("first_at"),
            pl.col("client_at").first().alias("first_client_at"),
            pl.col("event_id").first().alias("first_event_id"),
            pl.col("occurred_at").last().alias("last_at"),
            pl.col("client_at").last().alias("last_client_at"),
            pl.col("event_id").last().alias("last_event_id"),
        )
        .drop("stay")
    )


JOB = Job(
    table="device_customers",
    inputs=(Input("events"),),
    compute=device_customers,
    division=Divided("anonymous_id"),
)
