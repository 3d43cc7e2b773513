"""Who searched, clicked and ordered."""

import polars as pl


def actor() -> pl.Expr:
    """The customer, else the device; the letter before keeps the two kinds of name apart."""
    return pl.coalesce("c" + pl.col("customer_id"), "d" + pl.col("anonymous_id")).alias("actor")
