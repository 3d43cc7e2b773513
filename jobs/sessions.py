"""`sessions`: one row a visit, on the business day it starts.

Meaning: what parts and joins visits is said in `session_events`; here they are counted. The customer is the first that
any event of the session is resolved to; buyer and device are the first that were sent; channel and landing source are
those of the first event. First and last are those of the order (occurred_at, client_at, event_id). search_count counts
search events: a client that searches at every keystroke sends several for one search, which `searches` folds.
favorite_count counts the times a product was put on the list, order_count the different orders that were placed.

Source: `session_events` of the day and the next: a session goes on past midnight at most once.
Grain:  one session; key session_id.
Units:  instants UTC, duration in seconds.
"""

from datetime import date

import polars as pl

from jobs.definitions.millionths import from_millionths
from jobs.definitions.visits import EVENT_ORDER
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided

# Only these are acts on a product.
PRODUCT_ACTS = ("view", "click", "favorite")
FIRST_SENT = ("customer_id", "buyer_id", "anonymous_id")


def sessions(frames: Frames, day: date) -> pl.LazyFrame:
    """The sessions that start on the day."""
    events = frames["session_events"].filter(pl.col("session_date") == day)
    return (
        events.select("session_id", "is_stitched", "channel", "landing_source", *FIRST_SENT, *EVENT_ORDER, *acts())
        .sort("session_id", *EVENT_ORDER)
        .group_by("session_id", maintain_order=True)
        .agg(*totals())
        .join(distinct_skus(events), on="session_id", how="left")
        .join(distinct_orders(events), on="session_id", how="left")
        .select(
            "session_id",
            "customer_id",
            "is_stitched",
            "buyer_id",
            "anonymous_id",
            "channel",
            "landing_source",
            "started_at",
            "ended_at",
            duration().alias("duration_seconds"),
            "event_count",
            "view_count",
            pl.col("distinct_sku_count").fill_null(0),
            "search_count",
            "click_count",
            "favorite_count",
            pl.col("order_count").fill_null(0),
            (pl.col("event_count") == 1).alias("is_bounce"),
        )
        .sort("session_id")
    )


def duration() -> pl.Expr:
    """Seconds from first to last."""
    return from_millionths((pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds())


def acts() -> list[pl.Expr]:
    """Whether the event is one of each kind."""
    kind = pl.col("event_type")
    is_put_on_list = (kind == "favorite") & pl.col("action").ne_missing("remove")
    return [
        (kind == "view").alias("view_count"),
        (kind == "search").alias("search_count"),
        (kind == "click").alias("click_count"),
        is_put_on_list.alias("favorite_count"),
    ]


def totals() -> list[pl.Expr]:
    """Of the events of a session in their order."""
    return [
        pl.col(FIRST_SENT).first(ignore_nulls=True),
        pl.col("is_stitched").any(),
        pl.col("channel", "landing_source").first(),
        pl.col("occurred_at").first().alias("started_at"),
        pl.col("occurred_at").last().alias("ended_at"),
        pl.len().cast(pl.Int64).alias("event_count"),
        pl.col("view_count", "search_count", "click_count", "favorite_count").sum().cast(pl.Int64),
    ]


def distinct_skus(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row a session with any: how many products were acted on."""
    acts_on_products = events.filter(pl.col("event_type").is_in(PRODUCT_ACTS))
    return distinct(acts_on_products, "sku_id", "distinct_sku_count")


def distinct_orders(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row a session with any: how many orders were placed."""
    placed = events.filter((pl.col("event_type") == "order") & (pl.col("status") == "placed"))
    return distinct(placed, "order_id", "order_count")


def distinct(events: pl.LazyFrame, column: str, name: str) -> pl.LazyFrame:
    """How many values a session has; distinct pairs first, which is far faster than counting distinct in groups."""
    pairs = events.select("session_id", column).unique()
    return pairs.group_by("session_id").agg(pl.len().cast(pl.Int64).alias(name))


JOB = Job(
    table="sessions",
    inputs=(Input("session_events", look_ahead_days=1),),
    compute=sessions,
    division=Divided("session_id"),
)
