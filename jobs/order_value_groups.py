"""`order_value_groups`: what each customer usually spends in an order, who spends alike, and the next step up.

Meaning: for the operator's question "what does each customer usually spend in an order, and what is the next step up".
One row for each customer with at least one paid order in the business days (180) that end with `as_of`.

- Paid order: a sale that was paid or shipped, as far as its source ever says so, and sums above zero;
  jobs/payments/paid_orders.py has the definition and its reasons.
- paid_amount: the sum of the paid orders. net_paid_amount: that, less what was given back: credit notes and
  paid sales that sum below zero.
- average_order_amount (笔单价): paid_amount / paid orders. amount_per_active_day (客单价): paid_amount / days with a paid
  order. Both of paid_amount: what comes back later does not change what the customer orders.
- usual_order_amount: the trimmed mean of the last 10 paid orders (by ordered_at, then order_id): of fewer than three
  the mean; else without the n/5 smallest and the n/5 greatest (whole part, at least one each), so that one order for the
  holidays, or for one box, does not move it.
- group: customers of one currency are cut into groups of like usual orders where few lie (natural breaks over the
  logarithm, jobs/breaks/natural_breaks.py says how and how many), so that 300 and 700 are not judged by an average of
  500. Its bounds are the least and the greatest usual order in it; p50, p60 and p70 are nearest-rank percentiles.
- group_threshold_amount: the lowest price point above p60, the middle of p50 to p70: half the group and more has to
  stretch for it, and nobody in the middle far. Past the last price point, its multiples go on.
- gap_amount: what the customer's usual order lacks to it; 0 when it is there already.
The numbers 180 and 10 are the settings order_window_days and usual_order_count; price_points is one too.

Source: `orders` of the window.
Grain:  one customer; key customer_id.
Units:  money in currency, quotients rounded half to even to four decimals.

Known limits: a customer who paid in several currencies has the sum of them and no currency, and is grouped with others
like that. One paid order of a source makes it a source that reports payments for the whole window.
"""

from datetime import date
from functools import partial

import numpy as np
import polars as pl

from jobs.breaks.natural_breaks import bin_of, group_bins
from jobs.definitions.currency import only_currency
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from jobs.payments.paid_orders import MONEY, given_back, judged, nearest_rank
from schemas.settings import Settings

# Trimmed from each end; at least one of three or more.
TRIM_SHARE = 5
LEAST_TRIMMED = 3
GROUP = ("currency", "group_number")


def order_value_groups(frames: Frames, _day: date, *, settings: Settings) -> pl.LazyFrame:
    """The customers with paid orders in the window, and the group each belongs to."""
    orders = read_once(judged(frames["orders"]))
    spent = spending(orders, settings.usual_order_count).with_columns(bin=bin_of(pl.col("usual_order_amount")))
    customers = read_once(spent)
    grouped = read_once(customers.join(groups_of_bins(customers), on=["currency", "bin"], how="left", nulls_equal=True))
    groups = with_threshold(group_facts(grouped), settings.price_points)
    return grouped.join(groups, on=GROUP, how="left", nulls_equal=True).select(*outcome()).sort("customer_id")


def spending(orders: pl.LazyFrame, usual_order_count: int) -> pl.LazyFrame:
    """One row a customer with a paid order."""
    paid = orders.filter("is_paid_order").sort("customer_id", "ordered_at", "order_id")
    last = pl.col("amount").tail(usual_order_count).sort()
    trimmed = pl.when(last.len() < LEAST_TRIMMED).then(0).otherwise(pl.max_horizontal(1, last.len() // TRIM_SHARE))
    usual = last.slice(trimmed, last.len() - 2 * trimmed)
    customers = paid.group_by("customer_id", maintain_order=True).agg(
        only_currency(),
        pl.col("amount").sum().alias("paid_amount"),
        pl.len().cast(pl.Int64).alias("paid_order_count"),
        pl.col("event_date").n_unique().cast(pl.Int64).alias("paid_day_count"),
        pl.col("ordered_at").max().alias("last_ordered_at"),
        (usual.sum() / usual.len().cast(pl.Int64)).cast(MONEY).alias("usual_order_amount"),
    )
    net = pl.col("paid_amount") + pl.col("given_back_amount").fill_null(pl.lit(0, dtype=MONEY))
    return customers.join(given_back(orders), on="customer_id", how="left").with_columns(net_paid_amount=net)


def groups_of_bins(customers: pl.LazyFrame) -> pl.LazyFrame:
    """The group of each occupied bin, currency by currency."""
    histogram = customers.group_by("currency", "bin").agg(pl.len().cast(pl.Int64).alias("customer_count"))
    schema = pl.Schema({"currency": pl.String(), "bin": pl.Int64(), "group_number": pl.Int64()})
    return histogram.sort(*GROUP[:1], "bin").map_batches(_group_each_currency, schema=schema)


def _group_each_currency(histogram: pl.DataFrame) -> pl.DataFrame:
    """A loop over currencies, of which a shop has one or few; the bins of each are numbered at once."""
    parts = [
        part.select("currency", "bin").with_columns(
            group_number=pl.Series(
                group_bins(part["bin"].to_numpy().astype(np.int64), part["customer_count"].to_numpy().astype(np.int64))
            )
        )
        for part in histogram.partition_by("currency", maintain_order=True)
    ]
    empty = histogram.head(0).select("currency", "bin", group_number=pl.lit(0, dtype=pl.Int64))
    return pl.concat([empty, *parts])


def group_facts(customers: pl.LazyFrame) -> pl.LazyFrame:
    """One row a group: how many, from where to where, and the percentiles."""
    usual = pl.col("usual_order_amount")
    return customers.group_by(GROUP).agg(
        pl.len().cast(pl.Int64).alias("group_customer_count"),
        usual.min().alias("group_least_amount"),
        usual.max().alias("group_greatest_amount"),
        nearest_rank(usual, 50).alias("group_p50_amount"),
        nearest_rank(usual, 60).alias("group_p60_amount"),
        nearest_rank(usual, 70).alias("group_p70_amount"),
    )


def with_threshold(groups: pl.LazyFrame, price_points: tuple[int, ...]) -> pl.LazyFrame:
    """Adds the lowest price point above p60; past the last one, its next multiple."""
    points = pl.LazyFrame({"point": price_points}, schema={"point": pl.Int64})
    reached = pl.col("group_p60_amount")
    nearest = (
        groups.join(points, how="cross")
        .filter(pl.col("point").cast(MONEY) > reached)
        .group_by(GROUP)
        .agg(pl.col("point").min().cast(MONEY).alias("group_threshold_amount"))
    )
    last = price_points[-1]
    multiple = ((reached.cast(pl.Int128) // last + 1) * last).cast(MONEY)
    return groups.join(nearest, on=GROUP, how="left", nulls_equal=True).with_columns(
        pl.col("group_threshold_amount").fill_null(multiple)
    )


def outcome() -> list[pl.Expr]:
    """The columns, the customer's first, then the group's."""
    paid, gap = pl.col("paid_amount"), pl.col("group_threshold_amount") - pl.col("usual_order_amount")
    return [
        pl.col("customer_id", "currency", "net_paid_amount", "paid_amount", "paid_order_count", "paid_day_count"),
        (paid / pl.col("paid_order_count")).cast(MONEY).alias("average_order_amount"),
        (paid / pl.col("paid_day_count")).cast(MONEY).alias("amount_per_active_day"),
        pl.col("usual_order_amount", "last_ordered_at", "group_number", "group_customer_count"),
        pl.col("group_least_amount", "group_greatest_amount", "group_p50_amount", "group_p60_amount"),
        pl.col("group_p70_amount", "group_threshold_amount"),
        pl.max_horizontal(gap, pl.lit(0, dtype=MONEY)).cast(MONEY).alias("gap_amount"),
    ]


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="order_value_groups",
        inputs=(Input("orders", look_back_days=settings.order_window_days - 1),),
        compute=partial(order_value_groups, settings=settings),
        division=Undivided("the groups are breaks between the usual orders of all customers"),
        settings=("order_window_days", "usual_order_count", "price_points"),
    )
