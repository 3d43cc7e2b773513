"""Which events make up a visit, and the order in which events happened."""

import polars as pl

EVENT_ORDER = ("occurred_at", "client_at", "event_id")
"""The corrected instant; of one instant the client's own clock, which puts the events of a device in order."""


def visit_key() -> pl.Expr:
    """The session, else the device, else the customer; the letter before keeps the kinds of name apart."""
    has_session, has_device = pl.col("session_id").is_not_null(), pl.col("anonymous_id").is_not_null()
    kind = pl.when(has_session).then(pl.lit("s")).when(has_device).then(pl.lit("d")).otherwise(pl.lit("c"))
    return pl.concat_str(kind, pl.coalesce("session_id", "anonymous_id", "customer_id")).alias("visit_key")
