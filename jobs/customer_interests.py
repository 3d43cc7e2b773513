"""`customer_interests`: what a customer has been looking at and ordering of late: products, categories and brands.

Meaning: for the operator's question "what has this customer looked at, before they ever bought from us". One row for
each customer and entity (a product, or the category or brand that the master of products gives it) with at least one
view, click, favourite or sale line in the business days (180) that end with `as_of`.
- score: the sum over days of (view 1, click 1, favourite 3, order line 5) x 2^(-age_days / 30), age_days counted from
  as_of. Each day's factor is a whole number of millionths and the sum is taken over integers, so that the order of
  rows never shows; it is divided once at the end. A category's score is the sum of its products' scores.
- rank: 1 for the greatest score among the customer's entities of the type; equal scores by entity_id. The first 100
  are kept.
- is_before_first_order: the last act on the entity is earlier than the customer's first sale in the window, or there is
  no sale of the customer in the window. An act at the very instant of the sale is not before it.
The numbers above are the defaults of settings: interest_window_days, interest_half_life_days, interest_rank_limit and
the four weights.

Source: `customer_sku_days` of the window, `skus` as it is now.
Grain:  one customer and one entity; key (customer_id, entity_type, entity_id).
Units:  score has none; instants UTC.

Cost:   2 microseconds of CPU and 150 bytes of memory a row of the window (18 million rows, 1.5 million out).

Known limits: what lies before the window is not seen: a customer whose only orders are older counts as one without
orders. Products that the master does not know, or knows without category or brand, count in no category or brand.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.definitions.interest import points
from jobs.definitions.millionths import from_millionths
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

KEY = ("customer_id", "entity_type", "entity_id")
OF_A_KIND = ("customer_id", "entity_type")
COUNTS = ("view_count", "click_count", "favorite_count", "order_line_count")


def customer_interests(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The window's days summed by customer and entity, ranked, as of the day."""
    days = frames["customer_sku_days"].with_columns(points=points(day, settings))
    skus = read_once(summed(days, "sku_id").filter(pl.sum_horizontal(COUNTS) > 0))
    interests = ranked(pl.concat(entities(skus, frames["skus"])), settings.interest_rank_limit)
    ordered = interests.join(first_orders(skus), on="customer_id", how="left", maintain_order="left")
    return ordered.select(*KEY, *outcome())


def summed(acts: pl.LazyFrame, entity: str) -> pl.LazyFrame:
    """What a customer's acts on each entity add up to."""
    return acts.group_by("customer_id", entity).agg(
        pl.col("is_stitched").any(),
        pl.col(*COUNTS, "points").sum(),
        pl.col("first_at", "first_order_at").min(),
        pl.col("last_at").max(),
    )


def entities(skus: pl.LazyFrame, master: pl.LazyFrame) -> list[pl.LazyFrame]:
    """The same sums by product, by category and by brand, each with its name."""
    known = skus.join(master.select("sku_id", "name", "category_id", "brand"), on="sku_id", how="left")
    shelves = master.group_by("category_id").agg(pl.col("category_name").min())
    categories = summed(known.filter(pl.col("category_id").is_not_null()), "category_id")
    brands = summed(known.filter(pl.col("brand").is_not_null()), "brand")
    return [
        named(known, "sku", "sku_id", "name"),
        named(categories.join(shelves, on="category_id", how="left"), "category", "category_id", "category_name"),
        named(brands, "brand", "brand", "brand"),
    ]


def named(sums: pl.LazyFrame, entity_type: str, entity: str, name: str) -> pl.LazyFrame:
    """The sums under names that fit every type."""
    return sums.select(
        "customer_id",
        pl.lit(entity_type).alias("entity_type"),
        pl.col(entity).alias("entity_id"),
        pl.col(name).alias("entity_name"),
        "is_stitched",
        *COUNTS,
        "points",
        "first_at",
        "last_at",
    )


def ranked(interests: pl.LazyFrame, limit: int) -> pl.LazyFrame:
    """The strongest of each customer and type, by key. Sorted by it first: equal points are ranked in the order they stand."""
    points = pl.col("points")
    least = interests.group_by(OF_A_KIND).agg(points.sort(descending=True).head(limit).last().alias("least"))
    # Most rows are weaker than the last that is kept: to leave them out first costs half of sorting them.
    strong = interests.join(least, on=OF_A_KIND).filter(points >= pl.col("least")).drop("least")
    rank = points.rank("ordinal", descending=True).over(OF_A_KIND)
    return strong.sort(KEY).with_columns(rank=rank.cast(pl.Int64)).filter(pl.col("rank") <= limit)


def first_orders(skus: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer: the first sale in the window, null when there is none."""
    return skus.group_by("customer_id").agg(pl.col("first_order_at").min().alias("first_ordered_at"))


def outcome() -> list[pl.Expr]:
    """The columns after the key."""
    return [
        pl.col("entity_name", "is_stitched", "rank"),
        from_millionths(pl.col("points")).alias("score"),
        pl.col(*COUNTS, "first_at", "last_at"),
        (pl.col("order_line_count") > 0).alias("has_ordered"),
        (pl.col("last_at") < pl.col("first_ordered_at")).fill_null(value=True).alias("is_before_first_order"),
    ]


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="customer_interests",
        inputs=(
            Input("customer_sku_days", look_back_days=settings.interest_window_days - 1),
            Input("skus", is_reference=True),
        ),
        compute=partial(customer_interests, settings=settings),
        division=Divided("customer_id"),
        settings=(
            "interest_window_days",
            "interest_half_life_days",
            "interest_rank_limit",
            "view_weight",
            "click_weight",
            "favorite_weight",
            "order_weight",
        ),
    )
