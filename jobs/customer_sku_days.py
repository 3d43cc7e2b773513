"""`customer_sku_days`: what one customer did to one product in one day.

Meaning: views, clicks, favourites and order lines of a customer on a product, counted, with their first and last
instants. Order lines are those of sales (orders neither cancelled nor returned): an order cancelled later leaves its
day again. Every column adds up over days (sums, the first and last of them, whether any), so that a longer look-back sums
days instead of reading events again; `currency` alone does not.

The customer is the resolved one: is_stitched says that at least one of the acts was sent without a customer, and given
one by its session or device.

Source: `session_events` of the day (view, click, favorite) and `order_lines` of the day.
Grain:  one customer and one product; key (customer_id, sku_id).
Units:  amount is exact, in currency; quantity in pieces; instants UTC.

Known limits: acts of visitors whom nobody knows are left out. Amounts of several currencies on one row are added;
currency is then null.
"""

from datetime import date

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided

KEY = ("customer_id", "sku_id")


def customer_sku_days(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's acts, summed by customer and product."""
    acts = pl.concat([browsing(frames["session_events"]), ordering(frames["order_lines"])], how="diagonal")
    return acts.filter(pl.col("customer_id").is_not_null()).group_by(KEY).agg(*totals()).sort(KEY)


def browsing(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row a view, click or favourite; its instant stands in the column of its kind, and in `at`."""
    kind, is_removal = pl.col("event_type"), pl.col("action").eq_missing("remove")
    at = pl.col("occurred_at")
    return events.filter(kind.is_in(["view", "click", "favorite"])).select(
        *KEY,
        "is_stitched",
        at.alias("at"),
        pl.when(kind == "view").then(at).alias("viewed_at"),
        pl.when(kind == "click").then(at).alias("clicked_at"),
        pl.when((kind == "favorite") & ~is_removal).then(at).alias("favorited_at"),
        pl.when((kind == "favorite") & is_removal).then(at).alias("unfavorited_at"),
    )


def ordering(order_lines: pl.LazyFrame) -> pl.LazyFrame:
    """One row a line of a sale, in the same columns."""
    return order_lines.filter("is_sale").select(
        *KEY, "is_stitched", pl.col("ordered_at").alias("at"), "ordered_at", "quantity", "amount", "currency"
    )


def totals() -> list[pl.Expr]:
    """Counts, sums, first and last: all of them add up over days."""
    return [
        pl.col("is_stitched").any(),
        count("viewed_at", "view_count"),
        count("clicked_at", "click_count"),
        count("favorited_at", "favorite_count"),
        count("unfavorited_at", "unfavorite_count"),
        count("ordered_at", "order_line_count"),
        pl.col("quantity").sum(),
        pl.col("amount").sum(),
        only_currency(),
        pl.col("at").min().alias("first_at"),
        pl.col("at").max().alias("last_at"),
        pl.col("viewed_at").min().alias("first_view_at"),
        pl.col("viewed_at").max().alias("last_view_at"),
        pl.col("favorited_at").max().alias("last_favorite_at"),
        pl.col("unfavorited_at").max().alias("last_unfavorite_at"),
        pl.col("ordered_at").min().alias("first_order_at"),
        pl.col("ordered_at").max().alias("last_order_at"),
    ]


def count(instants: str, name: str) -> pl.Expr:
    """How many rows have an instant of that kind."""
    return pl.col(instants).count().cast(pl.Int64).alias(name)


JOB = Job(
    table="customer_sku_days",
    inputs=(Input("session_events"), Input("order_lines")),
    compute=customer_sku_days,
    division=Divided("customer_id"),
)
