"""`customer_lifecycles`: where each customer who orders stood at the end of a day, by its own rhythm.

Meaning: over the business days (180) that end with the day. One row for each customer with an order in them.

- order: a sale (neither cancelled nor returned) that sums above zero, paid or not: with credit terms a payment comes
  months after the order, and rhythm is about ordering. Order day: a day with one.
- median_order_gap_days: the median of the days between one order day and the next.
- rhythm_days: the median gap of a customer with at least three order days, else the median of those rhythms (30 days
  while there are none); never less than 7 days, for a week has a weekend in it.
- lifecycle, with `late` = days since the last order day / rhythm_days:
    lost         late > 4: three orders or more were skipped
    dormant      late > 2.5: at least one was skipped, and half a rhythm more
    slowing      late > 1.5: half a rhythm overdue, beyond the ordinary scatter
    new          not late, with one or two order days: no rhythm of its own yet
    active       not late, with three order days or more
The number 180 is the setting order_window_days.

Source: `orders` of the window.
Grain:  one customer; key customer_id.
Units:  days.

Cost:   a tenth of a second of CPU a day for 20,000 customers with half a million order days. All days are kept, so that
        `search_funnel` can say of each where its customers stood. An order that changes late has all days after it
        looked at again, half a year at most.

Known limits: what lies before the window is not seen: a customer whose orders are all older has no row, and a rhythm of
more than 45 days ends before it is `lost`; a longer order_window_days mends both.
"""

from datetime import date

import polars as pl

from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from schemas.settings import Settings

# Two gaps are the fewest that have a middle worth the name.
OWN_RHYTHM_ORDER_DAYS = 3
LEAST_RHYTHM_DAYS = 7.0
# Of a shop without a single returning customer: a pharmacy restocks about once a month.
UNKNOWN_RHYTHM_DAYS = 30.0
SLOWING, DORMANT, LOST = 1.5, 2.5, 4.0

COLUMNS = (
    "customer_id",
    "lifecycle",
    "order_day_count",
    "last_order_date",
    "days_since_last_order",
    "median_order_gap_days",
    "rhythm_days",
)


def customer_lifecycles(frames: Frames, day: date) -> pl.LazyFrame:
    """Every customer with an order in the window."""
    customers = rhythms(frames["orders"])
    since = (pl.lit(day) - pl.col("last_order_date")).dt.total_days()
    return customers.with_columns(since.alias("days_since_last_order"), rhythm()).select(
        *(lifecycle() if name == "lifecycle" else pl.col(name) for name in COLUMNS)
    )


def order_days(orders: pl.LazyFrame, _days: list[date]) -> pl.LazyFrame:
    """One row a customer and order day, a customer's days one after the other. Categories are sorted as numbers."""
    counts = pl.col("customer_id").is_not_null() & pl.col("is_sale") & (pl.col("amount") > 0)
    days = orders.filter(counts).select("event_date", pl.col("customer_id").cast(pl.Categorical)).unique()
    return days.sort(pl.col("customer_id").to_physical(), "event_date")


def rhythms(order_days: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer: how often, and when last."""
    is_next = pl.col("customer_id") == pl.col("customer_id").shift()
    return (
        order_days.with_columns(gap=pl.when(is_next).then(pl.col("event_date").diff().dt.total_days()))
        .group_by("customer_id")
        .agg(
            pl.len().cast(pl.Int64).alias("order_day_count"),
            pl.col("event_date").max().alias("last_order_date"),
            pl.col("gap").median().alias("median_order_gap_days"),
        )
        .with_columns(pl.col("customer_id").cast(pl.String))
        .sort("customer_id")
    )


def rhythm() -> pl.Expr:
    """How many days a customer usually lets pass from order to order."""
    own = pl.when(pl.col("order_day_count") >= OWN_RHYTHM_ORDER_DAYS).then(pl.col("median_order_gap_days"))
    usual = own.fill_null(own.median()).fill_null(UNKNOWN_RHYTHM_DAYS)
    return pl.max_horizontal(usual, pl.lit(LEAST_RHYTHM_DAYS)).alias("rhythm_days")


def lifecycle() -> pl.Expr:
    """Where the customer stands."""
    late = pl.col("days_since_last_order")
    return (
        pl.when(late > LOST * pl.col("rhythm_days"))
        .then(pl.lit("lost"))
        .when(late > DORMANT * pl.col("rhythm_days"))
        .then(pl.lit("dormant"))
        .when(late > SLOWING * pl.col("rhythm_days"))
        .then(pl.lit("slowing"))
        .when(pl.col("order_day_count") >= OWN_RHYTHM_ORDER_DAYS)
        .then(pl.lit("active"))
        .otherwise(pl.lit("new"))
        .alias("lifecycle")
    )


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="customer_lifecycles",
        inputs=(Input("orders", look_back_days=settings.order_window_days - 1),),
        compute=customer_lifecycles,
        division=Undivided("a customer without a rhythm of its own has the median of all"),
        needed={"orders": order_days},
        settings=("order_window_days",),
    )
