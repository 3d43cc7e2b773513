"""`visit_parts`: the stretches of visits within one day.

Meaning: events of one visit_key follow each other. The visit_key is the client's session_id where one was sent; where
none was, the device; where there is no device either, the customer. Events with a session_id are one stretch a day.
Others part into stretches where 30 minutes pass without an event (exactly 30 minutes do not part them). Events of one
stretch stand in the order (occurred_at, client_at, event_id).

A session is one stretch, or two joined over midnight: `session_events` joins them. The stretches of a day are all it
needs to know of the days around it.

Source: `events` of the day.
Grain:  one stretch; key (visit_key, started_at).
Units:  instants UTC.
"""

from datetime import date, timedelta

import polars as pl

from jobs.engine.declaration import Frames, Input, Job

# Google's and everybody's: after half an hour without an act the next one is a new visit.
SESSION_GAP = timedelta(minutes=30)
IN_ORDER = ("occurred_at", "client_at", "event_id")


def visit_parts(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's stretches."""
    return (
        in_stretches(frames["events"])
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


def in_stretches(events: pl.LazyFrame) -> pl.LazyFrame:
    """The events by visit_key and in order, stretches numbered."""
    is_other_visit = pl.col("visit_key").ne_missing(pl.col("visit_key").shift())
    is_after_gap = pl.col("session_id").is_null() & (pl.col("occurred_at").diff() > SESSION_GAP)
    return (
        events.select(visit_key(), "session_id", "customer_id", *IN_ORDER)
        .sort("visit_key", *IN_ORDER)
        .with_columns(stretch=(is_other_visit | is_after_gap).cum_sum())
    )


def visit_key() -> pl.Expr:
    """The session, else the device, else the customer; the letter before keeps the kinds of name apart."""
    return pl.coalesce("s" + pl.col("session_id"), "d" + pl.col("anonymous_id"), "c" + pl.col("customer_id")).alias(
        "visit_key"
    )


JOB = Job(table="visit_parts", inputs=(Input("events"),), compute=visit_parts)
