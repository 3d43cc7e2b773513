"""`order_lines`: every line of every order, once, in the order's latest state, on the day it was ordered.

Meaning. An order is one order_id, across sessions, days and sources. Its events stand in the order (occurred_at,
lifecycle: placed, approved, paid, shipped, returned, cancelled, event_id). Then
- status is the last event's; the lines are those of the last event that has any;
- ordered_at is the first `placed` event's, else the first event's; that event also gives the business day, placed_by,
  channel and landing_source; is_placed says which of the two it was; paid_at is the first `paid` event's;
- customer_id, buyer_id, anonymous_id, campaign_ids, coupon_ids and currency are the last that were given (an empty
  list was given); where no event was sent with a customer_id, the last one found for any of them: is_stitched.

Money. amount = quantity x unit_price - discount, exact. A sale is an order neither cancelled nor returned. A credit
note is a returned order whose lines sum below zero: net_sales_amount is amount for a sale and for a credit note, else 0.

Search. A line that carries a search_id is credited to it: `exact`. Else it is credited to the search of the last search
click (not a favourite; by clicked_at, then event_id) of the same actor on the same product at most attribution_window_days
(7) before ordered_at, both ends included: `exact` when that click carried its search_id and was made in the same visit,
else `windowed`. The actor is the customer, or the device when there is no customer. Same visit: the session of the event
that gives ordered_at; where that event names neither session nor device, as one from a shop's server may, at most
session_gap_minutes (30) before ordered_at. Attribution does not depend on the status.

Source: `order_events` (180 days either side), `search_clicks` (the attribution window back).
Grain:  one line of one order; key (order_id, line_number).
Units:  money in currency; quantity in pieces.

Known limits: events further than 180 days from the order's day are not seen, so an order number used again after that is
another order. An order without lines in any event has no row here. A status `returned` returns the whole order: a part
comes back as a credit note with an order_id of its own. A search_id on the order event rather than on a line is not used:
an order holds lines from several searches. Where clocks change for summer, the seven days reach no further back than the
seventh business day.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.actors import actor
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

# Statuses of one instant are told apart by the lifecycle; a source that stamps whole days sends many such.
LIFECYCLE = ("placed", "approved", "paid", "shipped", "returned", "cancelled")
# Net terms run to 90 days and returns of expired medicine come within the half year; later is another order.
ORDER_SPAN_DAYS = 180
NO_DISCOUNT = pl.lit(0, dtype=pl.Decimal(18, 4))
NOT_SALES = ("returned", "cancelled")

IN_ORDER = ("occurred_at", "lifecycle", "event_id")
COLUMNS = (
    "order_id",
    "line_number",
    "status",
    "ordered_at",
    "is_placed",
    "paid_at",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "anonymous_id",
    "placed_by",
    "channel",
    "landing_source",
    "sku_id",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "currency",
    "campaign_ids",
    "coupon_ids",
    "search_id",
    "search_attribution",
    "is_sale",
    "net_sales_amount",
)


def order_lines(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The lines of the orders whose ordered_at falls on the day."""
    lines = read_once(with_money(lines_of(orders(frames["order_events"], day))).with_columns(actor()))
    window, visit = timedelta(settings.attribution_window_days), timedelta(minutes=settings.session_gap_minutes)
    return with_search(lines, frames["search_clicks"], window, visit).select(COLUMNS).sort("order_id", "line_number")


def orders(order_events: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """One row an order of the day. The order's day is the day of one of its events, so the others need no look."""
    events = read_once(
        seen_on(order_events, [day]).with_columns(
            lifecycle=pl.col("status").replace_strict(LIFECYCLE, range(len(LIFECYCLE)), return_dtype=pl.Int8),
            is_placed=pl.col("status") == "placed",
        )
    )
    return origins(events).filter(pl.col("event_date") == day).join(latest(events), on="order_id")


def seen_on(order_events: pl.LazyFrame, days: list[date]) -> pl.LazyFrame:
    """All events of the orders that have one on any of the days."""
    seen = order_events.filter(pl.col("event_date").is_in(days)).select("order_id")
    return order_events.join(seen, on="order_id", how="semi")


def origins(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row an order: the event that gives ordered_at."""
    return (
        events.sort("order_id", "is_placed", *IN_ORDER, descending=[False, True, False, False, False])
        .unique("order_id", keep="first", maintain_order=True)
        .select(
            "order_id",
            "event_date",
            "session_id",
            "placed_by",
            "channel",
            "landing_source",
            pl.col("occurred_at").alias("ordered_at"),
            has_no_visit=pl.col("anonymous_id").is_null() & pl.col("session_id").str.starts_with("s-"),
        )
    )


def latest(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row an order: what its later events say over its earlier ones."""
    last_given = pl.col("buyer_id", "anonymous_id", "campaign_ids", "coupon_ids", "currency")
    customer, is_sent = pl.col("customer_id"), pl.col("customer_id").is_not_null() & ~pl.col("is_stitched")
    return (
        events.sort("order_id", *IN_ORDER)
        .group_by("order_id", maintain_order=True)
        .agg(
            pl.col("status").last(),
            pl.col("is_placed").any(),
            pl.col("occurred_at").filter(pl.col("status") == "paid").first().alias("paid_at"),
            pl.coalesce(customer.filter(is_sent).last(), customer.drop_nulls().last()),
            (customer.is_not_null().any() & ~is_sent.any()).alias("is_stitched"),
            last_given.drop_nulls().last(),
            pl.col("lines").filter(pl.col("lines").list.len() > 0).last(),
        )
    )


def lines_of(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row a line, numbered from 1 as given."""
    return (
        orders.filter(pl.col("lines").is_not_null())
        .with_columns(line_number=pl.int_ranges(1, pl.col("lines").list.len() + 1, dtype=pl.Int64))
        .explode("lines", "line_number")
        .unnest("lines")
        .rename({"search_id": "own_search_id"})
    )


def with_money(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Adds amount, is_sale and net_sales_amount."""
    is_credit_note = (pl.col("status") == "returned") & (pl.col("amount").sum().over("order_id") < 0)
    return (
        lines.with_columns(pl.col("discount").fill_null(NO_DISCOUNT), is_sale=~pl.col("status").is_in(NOT_SALES))
        .with_columns(amount=pl.col("quantity") * pl.col("unit_price") - pl.col("discount"))
        .with_columns(net_sales_amount=pl.when(pl.col("is_sale") | is_credit_note).then("amount").otherwise(0))
    )


def with_search(lines: pl.LazyFrame, search_clicks: pl.LazyFrame, window: timedelta, visit: timedelta) -> pl.LazyFrame:
    """Adds the one search each line is credited to, and how. Only the clicks on what was ordered are put in order."""
    clicks = (
        search_clicks.filter(pl.col("event_type") == "click")
        .select(
            actor(),
            "sku_id",
            "clicked_at",
            "event_id",
            "is_derived",
            pl.col("search_id").alias("clicked_search_id"),
            pl.col("session_id").alias("clicked_session_id"),
        )
        .join(lines, on=["actor", "sku_id"], how="semi")
        .sort("clicked_at", "event_id")
        .drop("event_id")
    )
    is_near = pl.col("has_no_visit") & (pl.col("ordered_at") - pl.col("clicked_at") <= visit)
    same_visit = (pl.col("session_id") == pl.col("clicked_session_id")) | is_near
    is_exact = pl.col("own_search_id").is_not_null() | (~pl.col("is_derived") & same_visit)
    return (
        lines.sort("ordered_at")
        .join_asof(
            clicks,
            left_on="ordered_at",
            right_on="clicked_at",
            by=["actor", "sku_id"],
            strategy="backward",
            tolerance=window,
            check_sortedness=False,  # Polars cannot check it within groups and would warn
        )
        .with_columns(search_id=pl.coalesce("own_search_id", "clicked_search_id"))
        .with_columns(
            search_attribution=pl.when(pl.col("search_id").is_not_null()).then(
                pl.when(is_exact).then(pl.lit("exact")).otherwise(pl.lit("windowed"))
            )
        )
    )


def touched_days(order_events: pl.LazyFrame, changed: list[date]) -> pl.LazyFrame:
    """Every day on which an order with an event on a changed day has an event, and the changed days themselves.

    An order may stand on any of its days, and leaves one for another when an earlier `placed` event arrives.
    A changed day from which an order has gone altogether must be emptied of it.
    """
    days = seen_on(order_events, changed).select(pl.col("event_date").alias("day"))
    return pl.concat([days, pl.LazyFrame({"day": changed}, schema={"day": pl.Date})]).unique()


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="order_lines",
        inputs=(
            Input("order_events", look_back_days=ORDER_SPAN_DAYS, look_ahead_days=ORDER_SPAN_DAYS),
            Input("search_clicks", look_back_days=settings.attribution_window_days),
        ),
        compute=partial(order_lines, settings=settings),
        division=Divided("order_id", whole=("search_clicks",)),
        narrow={"order_events": touched_days},
        needed={"order_events": seen_on},
        settings=("attribution_window_days", "session_gap_minutes"),
    )
