"""Which events make up a visit, and the order in which events happened."""

import polars as pl

EVENT_ORDER = ("occurred_at", "client_at", "event_id")
"""The corrected instant; of one instant the client's own clock, which puts the events of a device in order."""


def visit_key() -> pl.Expr:
    """The session, else the device, else the customer; the letter before keeps the kinds of name apart."""
    return pl.coalesce("s" + pl.col("session_id"), "d" + pl.col("anonymous_id"), "c" + pl.col("customer_id")).alias(
        "visit_key"
    )
