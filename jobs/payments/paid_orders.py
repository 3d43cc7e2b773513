"""Which orders count as paid.

A paid order is a sale (neither cancelled nor returned) that has a `paid` event or has been shipped, and whose lines sum
above zero. Goods shipped on account count: they left the house at that price. Where a landing source never says so (no
sale of it in the window is paid or shipped, as in an export of placed orders), all its sales count: an order that was not
taken back is all that is known of a payment. Samples (zero) and corrections (below zero) are no paid orders.

What a customer is given back are credit notes (returned orders that sum below zero) and paid sales that sum below zero.
"""

import polars as pl

MONEY = pl.Decimal(38, 4)
PAID = ("paid", "shipped")

# What the marts about money ask of an order; the other columns are not read.
ASKED = (
    "event_date",
    "order_id",
    "customer_id",
    "landing_source",
    "status",
    "ordered_at",
    "paid_at",
    "currency",
    "is_sale",
    "amount",
    "net_sales_amount",
    "sku_count",
    "is_from_search",
)


def judged(orders: pl.LazyFrame) -> pl.LazyFrame:
    """The orders of customers among those of the window, and what each of them counts as."""
    is_confirmed = pl.col("is_sale") & (pl.col("paid_at").is_not_null() | pl.col("status").is_in(PAID))
    counts = pl.col("is_sale") & (is_confirmed | ~is_confirmed.any().over("landing_source"))
    return (
        orders.filter(pl.col("customer_id").is_not_null())
        .select(ASKED)
        .with_columns(has_payment=counts)
        .with_columns(
            is_paid_order=pl.col("has_payment") & (pl.col("amount") > 0),
            is_given_back=~pl.col("is_sale") | (pl.col("has_payment") & (pl.col("amount") < 0)),
        )
    )


def given_back(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer who was given something back: how much, as a negative amount."""
    back = orders.filter("is_given_back").group_by("customer_id")
    return back.agg(pl.col("net_sales_amount").sum().alias("given_back_amount"))


def nearest_rank(value: pl.Expr, percent: int) -> pl.Expr:
    """The least value that so many percent of the rows do not exceed."""
    return value.sort().get((pl.len() * percent + 99) // 100 - 1)
