"""`session_events`: every event of the day with the session it belongs to and the customer it is resolved to.

Sessions. A stretch of `visit_parts` goes on past midnight into the first stretch of its visit_key the next day: always
where the client names the session, else where the two are at most session_gap_minutes (30) apart. A visit goes on past midnight once:
where it had already come over the midnight before, the new day begins a session of its own, so that two days back are
all one has to look at. session_id is the client's; else "s-" and the event_id of the session's first event. session_date
is the day on which the session starts.

Customers. An event keeps the customer_id it was sent with. Without one it takes, unless its device is shared (by
`identities` of its own day), the first customer after it in its session (the day after included), else the last customer
seen on its device before it (the same day, else within the 30 days of `identities`). is_stitched says that it took one.
"Before" and "after" are those of the order (occurred_at, client_at, event_id). Nothing later than the session is looked
at: a published day does not change because of who logs in next month.

Source: `events`, `device_customers` and `identities` of the day, `visit_parts` from two days before to the day after.
Grain:  one event; key event_id. Rows stand visit by visit, in that order.
Units:  as in `events`.

Cost:   1.8 s of CPU for 220,000 events; half of it is sorting and writing thirty columns.

Known limits: a session_id that a client never changes makes a session a day after the second. A client that names a
session "s-" and the id of an event of another is taken at its word.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.visits import EVENT_ORDER, visit_key
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

COLUMNS = (
    "event_id",
    "event_type",
    "occurred_at",
    "client_at",
    "session_id",
    "session_date",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "anonymous_id",
    "placed_by",
    "channel",
    "landing_source",
    "source",
    "campaign_id",
    "search_id",
    "sku_id",
    "price",
    "category_id",
    "dwell_seconds",
    "action",
    "query",
    "result_count",
    "page",
    "position",
    "list",
    "order_id",
    "status",
    "amount",
    "currency",
)

DEVICE = ("anonymous_id", "customer_id")


def session_events(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The day's events, resolved, visit by visit: those of a session stand together and in order."""
    gap = timedelta(minutes=settings.session_gap_minutes)
    events, identities = frames["events"], frames["identities"]
    return (
        events.with_columns(visit_key())
        .drop("session_id")
        .join(sessions_of(frames["visit_parts"], day, gap), left_on="event_id", right_on="first_event_id", how="left")
        .join(last_on_device(events, frames["device_customers"]), on="event_id", how="left")
        .join(identities.select("anonymous_id", "is_shared", "previous_customer_id"), on="anonymous_id", how="left")
        .sort(
            "visit_key", *EVENT_ORDER
        )  # once, and wide: cheaper than to sort the few columns that decide and join them
        .with_columns(stretch=pl.col("session_id").is_not_null().cum_sum())
        .with_columns(pl.col("session_id", "session_date").forward_fill(), found_customer_id=found_customer())
        .with_columns(
            customer_id=pl.coalesce("customer_id", "found_customer_id"),
            is_stitched=pl.col("customer_id").is_null() & pl.col("found_customer_id").is_not_null(),
        )
        .select(COLUMNS)
    )


def sessions_of(visit_parts: pl.LazyFrame, day: date, session_gap: timedelta) -> pl.LazyFrame:
    """The day's stretches by their first event: their session, and the first customer of its part after midnight."""
    two_before, before, now, after = (
        visit_parts.filter(pl.col("event_date") == day + timedelta(days)) for days in (-2, -1, 0, 1)
    )
    came_yesterday = over_midnight(two_before, before, session_gap).select(
        "first_event_id", has_come=pl.lit(value=True)
    )
    came = (
        over_midnight(before, now, session_gap)
        .join(came_yesterday, left_on="previous_event_id", right_on="first_event_id", how="left")
        .select("first_event_id", "previous_event_id", is_joined=pl.col("has_come").is_null())
    )
    goes_on = over_midnight(now, after, session_gap).select(
        pl.col("previous_event_id").alias("first_event_id"), pl.col("first_customer_id").alias("later_customer_id")
    )
    first_event_id = pl.when("is_joined").then("previous_event_id").otherwise("first_event_id")
    return (
        now.join(came, on="first_event_id", how="left")
        .join(goes_on, on="first_event_id", how="left")
        .select(
            "first_event_id",
            pl.when(is_named())
            .then(pl.col("visit_key").str.slice(1))
            .otherwise("s-" + first_event_id)
            .alias("session_id"),
            pl.when("is_joined").then(day - timedelta(1)).otherwise(day).alias("session_date"),
            pl.when(pl.col("previous_event_id").is_null()).then("later_customer_id"),
        )
    )


def over_midnight(before: pl.LazyFrame, after: pl.LazyFrame, session_gap: timedelta) -> pl.LazyFrame:
    """The stretches of a day that go on from one of the day before, with the first event of that one."""
    last = (
        before.sort("visit_key", "started_at")
        .unique("visit_key", keep="last", maintain_order=True)
        .select(
            "visit_key",
            pl.col("ended_at").alias("previous_ended_at"),
            pl.col("first_event_id").alias("previous_event_id"),
        )
    )
    first = after.sort("visit_key", "started_at").unique("visit_key", keep="first", maintain_order=True)
    is_near = pl.col("started_at") - pl.col("previous_ended_at") <= session_gap
    return first.join(last, on="visit_key").filter(is_named() | is_near)


def found_customer() -> pl.Expr:
    """Whom an event without a customer is taken to be."""
    return pl.when(~pl.col("is_shared")).then(
        pl.coalesce(next_in_stretch(), later_in_session(), "last_customer_id", "previous_customer_id")
    )


def next_in_stretch() -> pl.Expr:
    """The first customer at or after the row in its stretch."""
    known = pl.col("customer_id").is_not_null()
    is_same = pl.when(known).then("stretch").backward_fill() == pl.col("stretch")
    return pl.when(is_same).then(pl.col("customer_id").backward_fill())


def later_in_session() -> pl.Expr:
    """The stretch's customer after midnight; it stands at the stretch's first row."""
    known = pl.col("later_customer_id").is_not_null()
    is_same = pl.when(known).then("stretch").forward_fill() == pl.col("stretch")
    return pl.when(is_same).then(pl.col("later_customer_id").forward_fill())


def last_on_device(events: pl.LazyFrame, stays: pl.LazyFrame) -> pl.LazyFrame:
    """Of the events without a customer, the last customer who came onto the device before, the same day."""
    known = pl.col("customer_id").is_not_null()
    is_same = pl.when(known).then("anonymous_id").forward_fill() == pl.col("anonymous_id")
    asking = events.filter(~known & pl.col("anonymous_id").is_not_null()).select(*DEVICE, *EVENT_ORDER)
    arrivals = stays.filter(known).select(
        *DEVICE,
        pl.col("first_at").alias("occurred_at"),
        pl.col("first_client_at").alias("client_at"),
        pl.col("first_event_id").alias("event_id"),
    )
    both = [
        rows.join(others, on="anonymous_id", how="semi") for rows, others in ((asking, arrivals), (arrivals, asking))
    ]
    return (
        pl.concat(both)
        .sort("anonymous_id", *EVENT_ORDER)
        .with_columns(last_customer_id=pl.when(is_same).then(pl.col("customer_id").forward_fill()))
        .filter(~known & pl.col("last_customer_id").is_not_null())
        .select("event_id", "last_customer_id")
    )


def is_named() -> pl.Expr:
    """Whether the client gave the session its name."""
    return pl.col("visit_key").str.starts_with("s")


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="session_events",
        inputs=(
            Input("events"),
            Input("visit_parts", look_back_days=2, look_ahead_days=1),
            Input("device_customers"),
            Input("identities"),
        ),
        compute=partial(session_events, settings=settings),
        # Who was on a device is told by device, of which a visit may have several.
        division=Divided("visit_key", {"events": visit_key()}, whole=("device_customers", "identities")),
        settings=("session_gap_minutes",),
    )
