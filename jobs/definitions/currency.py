"""The currency of a sum of amounts."""

import polars as pl


def only_currency() -> pl.Expr:
    """The one currency the rows state; null when they state none, or several."""
    least, greatest = pl.col("currency").min(), pl.col("currency").max()
    return pl.when(least == greatest).then(least).alias("currency")
