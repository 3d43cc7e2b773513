"""How much an act on a product counts, the longer ago the less.

Points are whole millionths: fine enough that the oldest day of half a year keeps five digits, coarse enough that 10^11
views of one product by one customer fit. Sums of them are exact, so that the order of rows never shows.
"""

from datetime import date

import polars as pl

from jobs.definitions.millionths import A_MILLION
from schemas.settings import Settings


def points(as_of: date, settings: Settings) -> pl.Expr:
    """The day's counts times their weights, decayed to as_of."""
    weights = {
        "view_count": settings.view_weight,
        "click_count": settings.click_weight,
        "favorite_count": settings.favorite_weight,
        "order_line_count": settings.order_weight,
    }
    weight = pl.sum_horizontal(pl.col(count) * weight for count, weight in weights.items())
    age_days = (pl.lit(as_of) - pl.col("event_date")).dt.total_days()
    return weight * decay(age_days, settings.interest_half_life_days)


def decay(age_days: pl.Expr, half_life_days: int) -> pl.Expr:
    """What is left of an act in millionths: half after each half-life. Arithmetic streams, a look-up by day does not."""
    return (pl.lit(0.5).pow(age_days / half_life_days) * A_MILLION).round().cast(pl.Int64)
