"""`orders`: every order, once, in its latest state, on the day it was ordered.

Meaning. The lines of one order differ in nothing but product, amounts and search: everything else that `order_lines` says
of them is the order's and stands here as it stands there, whoever the customer is and where nobody knows. Of the lines:
- line_count, and sku_count: how many there are, and how many different products they name.
- quantity, discount, amount and net_sales_amount: their sums, exact. So amount is what the order comes to, and
  net_sales_amount the same for a sale and for a credit note, else 0.
- is_from_search: `order_lines` credits at least one of them to a search, exact or windowed.
Every day's orders add up to more days, so that a longer look-back reads an order where it would read its lines.

Source: `order_lines` of the day.
Grain:  one order; key order_id.
Units:  money in currency; quantity in pieces; instants UTC.

Known limits: those of `order_lines`: an order without lines in any event has no row here, and an order number used again
after more than 180 days is another order, with a row on each of its days. Whether an order counts as paid is not said
here: that asks whether its source ever reports payments, in a window (jobs/payments/paid_orders.py).
"""

from datetime import date

import polars as pl

from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.tables.orders import OF_THE_ORDER


def orders(frames: Frames, _day: date) -> pl.LazyFrame:
    """The day's lines, summed by order."""
    return frames["order_lines"].group_by("order_id").agg(pl.col(OF_THE_ORDER).first(), *of_lines()).sort("order_id")


def of_lines() -> list[pl.Expr]:
    """Counts and sums of an order's lines."""
    return [
        pl.len().cast(pl.Int64).alias("line_count"),
        pl.col("sku_id").n_unique().cast(pl.Int64).alias("sku_count"),
        pl.col("quantity", "discount", "amount", "net_sales_amount").sum(),
        pl.col("search_attribution").is_not_null().any().alias("is_from_search"),
    ]


JOB = Job(table="orders", inputs=(Input("order_lines"),), compute=orders, division=Divided("order_id"))
