"""`customer_interests`: what a customer has been looking at and ordering of late: products, categories and brands.

Meaning: for the operator's question "what has this customer looked at, before they ever bought from us". One row for
each customer and entity (a product, or the category or brand that the master of products gives it) with at least one
view, click, favourite or sale line in the business days (120) that end with `as_of`.
- score: the sum over days of (view 1, click 1, favourite 3, order line 5) x 2^(-age_days / 30), age_days counted from
  as_of. Each day's factor is a whole number of millionths and the sum is taken over integers, so that the order of
  rows never shows; it is divided once at the end. A category's score is the sum of its products' scores.
- rank: 1 for the greatest score among the customer's entities of the type; equal scores by entity_id. The first 100
  are kept.
- is_before_first_order: the last act on the entity is earlier than the customer's first sale in the 180 days that end
  with as_of, or there is no sale of the customer in them. An act at the very instant of the sale is not before it.
The numbers above are the defaults of settings: interest_window_days, interest_half_life_days, interest_rank_limit,
order_window_days and the four weights.

Source: `customer_sku_days` and `orders` of their windows, `skus` as it is now.
Grain:  one customer and one entity; key (customer_id, entity_type, entity_id).
Units:  score has none; instants UTC.

Cost:   0.9 microseconds of CPU and 140 bytes of memory a row of the window (17 million rows, 2 million out).

Known limits: what lies before the windows is not seen: a customer whose only orders are older counts as one without
orders. Products that the master does not know, or knows without category or brand, count in no category or brand.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.definitions.interest import points
from jobs.definitions.millionths import from_millionths
from jobs.definitions.pairs import PAIR, unordered_pairs
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

KEY = ("customer_id", "entity_type", "entity_id")
OF_A_KIND = ("customer_id", "entity_type")
PAIRS = unordered_pairs("customer_id", "sku_id")
COUNTS = ("view_count", "click_count", "favorite_count", "order_line_count")


def customer_interests(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The window's days summed by customer and entity, ranked, as of the day."""
    numbered = frames["customer_sku_days"].with_columns(PAIRS.number(), points=points(day, settings))
    pairs = numbered.group_by(PAIR).agg(*totals()).filter(pl.sum_horizontal(COUNTS) > 0)
    skus = read_once(pairs.with_columns(*PAIRS.places()))
    strong = [strongest(interests, settings.interest_rank_limit) for interests in entities(skus, frames["skus"])]
    named_again = pl.concat(strong).with_columns(pl.col("customer_id").cast(pl.String))
    interests = ranked(named_again, settings.interest_rank_limit)
    ordered = interests.join(first_orders(frames["orders"]), on="customer_id", how="left", maintain_order="left")
    return ordered.select(*KEY, *outcome())


def totals() -> list[pl.Expr]:
    """What a customer's acts on an entity add up to."""
    return [
        pl.col("is_stitched").any(),
        pl.col(*COUNTS, "points").sum(),
        pl.col("first_at").min(),
        pl.col("last_at").max(),
    ]


def entities(skus: pl.LazyFrame, master: pl.LazyFrame) -> list[pl.LazyFrame]:
    """The same sums by product, by category and by brand, each with its name."""
    products = master.select(pl.col("sku_id").cast(pl.Categorical), "name", "category_id", "brand")
    known = skus.join(products, on="sku_id", how="left")
    shelves = master.group_by("category_id").agg(pl.col("category_name").min())
    categories, brands = (
        known.filter(pl.col(entity).is_not_null()).group_by("customer_id", entity).agg(*totals())
        for entity in ("category_id", "brand")
    )
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
        pl.col(entity).cast(pl.String).alias("entity_id"),
        pl.col(name).alias("entity_name"),
        "is_stitched",
        *COUNTS,
        "points",
        "first_at",
        "last_at",
    )


def strongest(interests: pl.LazyFrame, limit: int) -> pl.LazyFrame:
    """Of the interests of one type a customer's strongest, and what equals the last of them: a quarter of all to put in order."""
    points = pl.col("points")
    least = interests.group_by("customer_id").agg(points.sort(descending=True).head(limit).last().alias("least"))
    return interests.join(least, on="customer_id").filter(points >= pl.col("least")).drop("least")


def ranked(interests: pl.LazyFrame, limit: int) -> pl.LazyFrame:
    """Each customer's by type and rank, by key. Sorted by it first: equal points are ranked in the order they stand."""
    rank = pl.col("points").rank("ordinal", descending=True).over(OF_A_KIND)
    return interests.sort(KEY).with_columns(rank=rank.cast(pl.Int64)).filter(pl.col("rank") <= limit)


def first_orders(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer with a sale: the instant of the first."""
    sales = orders.filter(pl.col("is_sale") & pl.col("customer_id").is_not_null())
    return sales.group_by("customer_id").agg(pl.col("ordered_at").min().alias("first_ordered_at"))


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
            Input("orders", look_back_days=settings.order_window_days - 1),
            Input("skus", is_reference=True),
        ),
        compute=partial(customer_interests, settings=settings),
        division=Divided("customer_id"),
        settings=(
            "interest_window_days",
            "interest_half_life_days",
            "interest_rank_limit",
            "order_window_days",
            "view_weight",
            "click_weight",
            "favorite_weight",
            "order_weight",
        ),
    )
