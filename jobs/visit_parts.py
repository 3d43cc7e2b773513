"""`visit_parts`: the stretches of visits within one day.

Meaning: events of one visit_key follow each other. The visit_key is the client's session_id where one was sent; where
none was, the device; where there is no device either, the customer. Events with a session_id are one stretch a day.
Others part into stretches where session_gap_minutes (30) pass without an event (exactly so many do not part them). Events of one
stretch stand in the order (occurred_at, client_at, event_id).

A session is one stretch, or two joined over midnight: `session_events` joins them. The stretches of a day are all it
needs to know of the days around it.

Source: `events` of the day.
Grain:  one stretch; key (visit_key, started_at).
Units:  instants UTC.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.visits import EVENT_ORDER, visit_key
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings


def visit_parts(frames: Frames, _day: date, *, settings: Settings) -> pl.LazyFrame:
    """The day's stretches."""
    return (
        in_stretches(frames["events"], timedelta(minutes=settings.session_gap_minutes))
        .group_by("stretch", maintain_order=True)
        .agg(
            pl.col("visit_key").first(),
            pl.col("occurred_at").first().alias("started_at"),
            pl.col("occurred_at").last().alias("ended_at"),
            pl.col("event_id").first().alias("first_event_id"),
            pl.col("customer_id").first(ignore_nulls=True).alias("first_customer_id"),
        )
        .drop("stretch")
    )


def in_stretches(events: pl.LazyFrame, session_gap: timedelta) -> pl.LazyFrame:
    """The events by visit_key and in order, stretches numbered."""
    is_other_visit = pl.col("visit_key").ne_missing(pl.col("visit_key").shift())
    is_after_gap = pl.col("session_id").is_null() & (pl.col("occurred_at").diff() > session_gap)
    return (
        events.select(visit_key(), "session_id", "customer_id", *EVENT_ORDER)
        .sort("visit_key", *EVENT_ORDER)
        .with_columns(stretch=(is_other_visit | is_after_gap).cum_sum())
    )


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="visit_parts",
        inputs=(Input("events"),),
        compute=partial(visit_parts, settings=settings),
        division=Divided("visit_key", {"events": visit_key()}),
        settings=("session_gap_minutes",),
    )
