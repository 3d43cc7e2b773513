"""Numbers that are counted in whole millionths, so that their sums are exact: microseconds, points of interest."""

import polars as pl

DECIMALS = 6
A_MILLION: int = 10**DECIMALS


def from_millionths(value: pl.Expr) -> pl.Expr:
    """Whole millionths as the nearest float: Polars divides floats by a constant a bit off, decimals not."""
    return (value.cast(pl.Decimal(38, DECIMALS)) / A_MILLION).cast(pl.Float64)
