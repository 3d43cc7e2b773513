"""`sku_viewers`: who viewed, clicked or favourited a product of late, and whether they bought it.

Meaning: for the operator's question "who looked at this product and has not bought it". One row for each product and
customer with at least one view, click or favourite in the business days (30) that end with `as_of`: as long as
advertising keeps a visitor on a list, unless told otherwise.
- is_favorited: the last time it was put on the favourites list is later than the last time it was taken off; at equal
  instants the removal wins.
- is_stitched: at least one act was sent without a customer, and given one by its session or device.
- has_ordered, last_ordered_at: from sales (orders neither cancelled nor returned) of the business days (180) that end
  with as_of: who restocks every other month has bought it.
- score: the sum over the 30 days of (view 1, click 1, favourite 3, order line 5) x 2^(-age_days / 30), age_days counted from
  as_of. Each day's factor is a whole number of millionths and the sum is taken over integers, so that the order of
  rows never shows; it is divided once at the end.
The numbers above are the defaults of settings: viewer_window_days, order_window_days, interest_half_life_days and the
four weights.

Source: `customer_sku_days` of the longer window; of what is older than the shorter one, only orders.
Grain:  one product and one customer; key (sku_id, customer_id).
Units:  score has none; instants UTC.

Cost:   1.1 microseconds of CPU a row of the window and 330 bytes of memory a pair; benchmarks/jobs.py measures it.

Known limits: what lies before the windows is not seen, so a favourite older than 30 days does not count. Lists for
marketing look as far back as they say (`customer_sku_days`), for acts and for orders.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.interest import points
from jobs.definitions.millionths import from_millionths
from jobs.definitions.pairs import PAIR, pairs_of
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

KEY = ("sku_id", "customer_id")


def sku_viewers(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The window's days summed by product and customer, as of the day."""
    days = frames["customer_sku_days"]
    is_of_late = pl.col("event_date") > day - timedelta(settings.viewer_window_days)
    acts = days.filter(is_of_late).with_columns(points=points(day, settings))
    orders = days.filter(~is_of_late & (pl.col("order_line_count") > 0)).select(*KEY, "last_order_at")
    rows = pl.concat([acts, orders], how="diagonal")
    pairs = pairs_of(rows, *KEY)
    numbered = rows.with_columns(pairs.number())
    return numbered.group_by(PAIR).agg(*totals()).filter(has_looked()).sort(PAIR).select(*pairs.names(), *outcome())


def totals() -> list[pl.Expr]:
    """What the days add up to."""
    return [
        pl.col("is_stitched").any(),
        pl.col("view_count", "favorite_count", "click_count", "points").sum(),
        pl.col("first_view_at").min(),
        pl.col("last_view_at", "last_favorite_at", "last_unfavorite_at", "last_order_at").max(),
    ]


def has_looked() -> pl.Expr:
    """At least one view, click or favourite: a pair that was only ordered, or only taken off a list, is none."""
    return pl.col("view_count") + pl.col("click_count") + pl.col("favorite_count") > 0


def outcome() -> list[pl.Expr]:
    """The columns after the key."""
    added, removed = pl.col("last_favorite_at"), pl.col("last_unfavorite_at")
    return [
        pl.col("is_stitched", "view_count", "favorite_count", "click_count"),
        pl.col("first_view_at").alias("first_viewed_at"),
        pl.col("last_view_at").alias("last_viewed_at"),
        (added.is_not_null() & (removed.is_null() | (added > removed))).alias("is_favorited"),
        pl.col("last_order_at").is_not_null().alias("has_ordered"),
        pl.col("last_order_at").alias("last_ordered_at"),
        from_millionths(pl.col("points")).alias("score"),
    ]


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="sku_viewers",
        inputs=(
            Input("customer_sku_days", look_back_days=max(settings.viewer_window_days, settings.order_window_days) - 1),
        ),
        compute=partial(sku_viewers, settings=settings),
        division=Divided("sku_id"),
        settings=(
            "viewer_window_days",
            "order_window_days",
            "interest_half_life_days",
            "view_weight",
            "click_weight",
            "favorite_weight",
            "order_weight",
        ),
    )
