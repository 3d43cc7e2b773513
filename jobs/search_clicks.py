"""`search_clicks`: the day's clicks and favourites that belong to a search.

Meaning: a click, or a favourite put on the list, belongs to the search whose search_id it carries. Most clients send
none; such a one belongs to the last search of the same actor that started at most 30 minutes before it (the same
instant counts; of several searches started at one instant, the one with the greatest search_id). The actor is the
customer, as resolved, or the device when there is none. A search starts with its first keystroke, so what is clicked
while the query is still being typed belongs to it too.

Source: `session_events` of the day, event_type `click` and `favorite`; `search_requests` of the day and the day before.
Grain:  one click or favourite; key event_id. Those that belong to no search are left out, and so is taking off a list.
Units:  clicked_at is the corrected instant, UTC.

Known limits: two people of one customer who search in the same minutes are not told apart. A search_id that no search
event carried within a day is taken as told, so a row here may have no row in `search_requests`.
"""

from datetime import date, timedelta

import polars as pl

from jobs.definitions.actors import actor
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided

# A visit ends after 30 minutes without an event: an older search is not what led to the click.
SEARCH_HOLDS_FOR = timedelta(minutes=30)


def search_clicks(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's clicks and favourites with the search they belong to."""
    return (
        acts(frames["session_events"])
        .sort("occurred_at")
        .join_asof(
            searches(frames["search_requests"]),
            left_on="occurred_at",
            right_on="started_at",
            by="actor",
            strategy="backward",
            tolerance=SEARCH_HOLDS_FOR,
            check_sortedness=False,  # Polars cannot check it within groups and would warn
        )
        .select(
            "event_id",
            "event_type",
            pl.col("occurred_at").alias("clicked_at"),
            "customer_id",
            "is_stitched",
            "anonymous_id",
            "session_id",
            "sku_id",
            "position",
            pl.coalesce("own_search_id", "last_search_id").alias("search_id"),
            pl.col("own_search_id").is_null().alias("is_derived"),
        )
        .filter(pl.col("search_id").is_not_null())
        .sort("event_id")
    )


def acts(events: pl.LazyFrame) -> pl.LazyFrame:
    """Clicks, and favourites put on the list."""
    kind, is_removal = pl.col("event_type"), pl.col("action").eq_missing("remove")
    return (
        events.filter((kind == "click") | ((kind == "favorite") & ~is_removal))
        .with_columns(actor())
        .rename({"search_id": "own_search_id"})
    )


def searches(requests: pl.LazyFrame) -> pl.LazyFrame:
    """The searches in the order in which the last one wins."""
    return requests.sort("started_at", "search_id").select(
        actor(), "started_at", pl.col("search_id").alias("last_search_id")
    )


JOB = Job(
    table="search_clicks",
    inputs=(Input("session_events"), Input("search_requests", look_back_days=1)),
    compute=search_clicks,
    division=Divided("actor", {"session_events": actor(), "search_requests": actor()}, order_by=("event_id",)),
)
