"""`search_clicks`: the day's clicks that belong to a search.

Meaning: a click belongs to the search whose search_id it carries. Most clients send none; such a click belongs to the
last search of the same actor at most 30 minutes before it (the same instant counts; of several searches at one
instant, the one with the greatest event_id). The actor is the customer, or the device when there is no customer.
The search is then named by its search_id, or by its event_id when it has none either.

Source: `events` of the day, event_type `click` and `search`.
Grain:  one click; key event_id. Clicks that belong to no search are left out.
Units:  clicked_at is the corrected instant of the click, UTC.

Known limits: a search before midnight does not reach a click after it. Two people of one customer who search in the
same minutes are not told apart. A search before login is not tied to a click after it (identities are not resolved
yet), and keystroke searches are searches of their own (the `searches` table will fold them).
"""

from datetime import date, timedelta

import polars as pl

from jobs.engine.declaration import Frames, Input, Job

# A visit ends after 30 minutes without an event: an older search is not what led to the click.
SEARCH_HOLDS_FOR = timedelta(minutes=30)


def search_clicks(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's clicks with the search they belong to."""
    events = frames["events"].with_columns(actor=actor())
    clicks = events.filter(pl.col("event_type") == "click").rename({"search_id": "own_search_id"})
    return (
        clicks.sort("occurred_at")
        .join_asof(
            searches(events),
            left_on="occurred_at",
            right_on="searched_at",
            by="actor",
            strategy="backward",
            tolerance=SEARCH_HOLDS_FOR,
            check_sortedness=False,  # Polars cannot check it within groups and would warn
        )
        .select(
            "event_id",
            pl.col("occurred_at").alias("clicked_at"),
            "customer_id",
            "anonymous_id",
            "session_id",
            "sku_id",
            pl.coalesce("own_search_id", "last_search_id").alias("search_id"),
            pl.col("own_search_id").is_null().alias("is_derived"),
        )
        .filter(pl.col("search_id").is_not_null())
        .sort("event_id")
    )


def searches(events: pl.LazyFrame) -> pl.LazyFrame:
    """The searches in the order in which the last one wins, each under the name it will be known by."""
    return (
        events.filter(pl.col("event_type") == "search")
        .sort("occurred_at", "event_id")
        .select(
            "actor",
            pl.col("occurred_at").alias("searched_at"),
            pl.coalesce("search_id", "event_id").alias("last_search_id"),
        )
    )


def actor() -> pl.Expr:
    """The customer, else the device; the letter before keeps the two kinds of name apart."""
    return pl.coalesce("c" + pl.col("customer_id"), "d" + pl.col("anonymous_id"))


JOB = Job(table="search_clicks", inputs=(Input("events"),), compute=search_clicks)
