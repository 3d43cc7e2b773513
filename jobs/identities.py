"""`identities`: which customer a device belongs to, as of a day on which it was seen.

Meaning: the customer is the one last seen on the device (order: occurred_at, client_at, event_id) in the
identity_window_days (30) business days that end with the day. A device on which shared_device_customers (4) or more were
seen in these days is shared: a pharmacy chain's desk, a sales rep's phone. It belongs to none of them, and nothing is
stitched by it. previous_customer_id is the last one seen before the day, for events of the day before any customer.

Source: `device_customers` of the 30 days.
Grain:  one device seen on the day; key anonymous_id.
Units:  instants UTC.

Known limits: whoever was on the device earlier than that is not seen. Two people who share a device, three at most, are
not told apart: an event before login goes to the one who logs in next, else to the last.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.definitions.order import last_of_each
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

IN_ORDER = ("last_at", "last_client_at", "last_event_id")


def identities(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The devices seen on the day, as of its end."""
    window = frames["device_customers"]
    today = window.filter(pl.col("event_date") == day).select("anonymous_id")
    rows = read_once(window.join(today, on="anonymous_id", how="semi"))
    known = rows.filter(pl.col("customer_id").is_not_null())
    before = known.filter(pl.col("event_date") < day).select(
        "anonymous_id", pl.col("customer_id").alias("previous_customer_id"), *IN_ORDER
    )
    is_shared = pl.col("customer_count") >= settings.shared_device_customers
    return (
        rows.group_by("anonymous_id")
        .agg(pl.col("first_at").min().alias("first_seen_at"), pl.col("last_at").max().alias("last_seen_at"))
        .join(last(known, "customer_id"), on="anonymous_id", how="left")
        .join(last(before, "previous_customer_id"), on="anonymous_id", how="left")
        .join(customer_counts(known), on="anonymous_id", how="left")
        .with_columns(pl.col("customer_count").fill_null(0).cast(pl.Int64))
        .select(
            "anonymous_id",
            pl.when(~is_shared).then("customer_id").alias("customer_id"),
            pl.when(~is_shared).then("previous_customer_id").alias("previous_customer_id"),
            "customer_count",
            is_shared.alias("is_shared"),
            "first_seen_at",
            "last_seen_at",
        )
        .sort("anonymous_id")
    )


def last(rows: pl.LazyFrame, customer: str) -> pl.LazyFrame:
    """One row a device: its last customer."""
    return last_of_each(rows, ["anonymous_id"], IN_ORDER).select("anonymous_id", customer)


def customer_counts(known: pl.LazyFrame) -> pl.LazyFrame:
    """One row a device: how many customers were seen on it."""
    return (
        known.select("anonymous_id", "customer_id")
        .unique()
        .group_by("anonymous_id")
        .agg(pl.len().alias("customer_count"))
    )


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="identities",
        inputs=(Input("device_customers", look_back_days=settings.identity_window_days - 1),),
        compute=partial(identities, settings=settings),
        division=Divided("anonymous_id"),
        settings=("identity_window_days", "shared_device_customers"),
    )
