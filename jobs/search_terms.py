"""`search_terms`: what customers search for, whether it returns anything, whether they click and order.

Meaning: one row for each normalised query and each window of business days that ends with `as_of` (1, 7 and 28 days) in
which it was searched for.
- customer_count: distinct customers; a search without a customer counts in search_count alone.
- reported_count: searches whose result count is known. zero_result_ratio, few_result_ratio (1 to 3 results, so that it
  leaves out the searches with none) and result_count_median are over these; click, order, refined and exit ratios are
  over all searches. A ratio without a denominator is null, never 0.
- mean_first_click_position: over the searches whose first click told its place.
- ordered_strict, ordered_windowed: searches with at least one line of a sale credited to them; windowed holds strict,
  as in `searches`.
Windows and the limit of few results are settings: search_term_windows_days, few_results_limit.

Source: `searches` of the longest window.
Grain:  one query and window; key (query, window_days).
Units:  ratios are shares of 1; money in currency, null when there are several.

Known limits: orders come in for 7 days after a search, so the newest days of a window still grow; the days of `as_of` are
rebuilt when they do. Searches for spaces alone are counted under the empty query.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Divided
from schemas.settings import Settings

RATIOS = (
    ("zero_result_ratio", "zero_result_count", "reported_count"),
    ("few_result_ratio", "few_result_count", "reported_count"),
    ("click_ratio", "clicked_count", "search_count"),
    ("mean_first_click_position", "position_sum", "position_count"),
    ("ordered_strict_ratio", "ordered_strict_count", "search_count"),
    ("ordered_windowed_ratio", "ordered_windowed_count", "search_count"),
    ("refined_ratio", "refined_count", "search_count"),
    ("exit_ratio", "exit_count", "search_count"),
)
COLUMNS = (
    "query",
    "window_days",
    "search_count",
    "customer_count",
    "reported_count",
    "zero_result_count",
    "zero_result_ratio",
    "few_result_count",
    "few_result_ratio",
    "result_count_median",
    "clicked_count",
    "click_ratio",
    "mean_first_click_position",
    "ordered_strict_count",
    "ordered_strict_ratio",
    "strict_amount",
    "ordered_windowed_count",
    "ordered_windowed_ratio",
    "windowed_amount",
    "currency",
    "refined_count",
    "refined_ratio",
    "exit_count",
    "exit_ratio",
)


def search_terms(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """Every window's terms, as of the day."""
    searches = frames["searches"]
    windows = [
        terms(searches.filter(pl.col("event_date") > day - timedelta(days=window_days)), settings).with_columns(
            window_days=pl.lit(window_days, dtype=pl.Int64)
        )
        for window_days in settings.search_term_windows_days
    ]
    return pl.concat(windows).with_columns(*ratios()).select(COLUMNS).sort("query", "window_days")


def terms(searches: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row a query; distinct pairs first, which is faster than counting distinct customers by query."""
    pairs = searches.filter(pl.col("customer_id").is_not_null()).select("query", "customer_id").unique()
    customers = pairs.group_by("query").agg(customer_count=pl.len().cast(pl.Int64))
    return (
        searches.group_by("query")
        .agg(*totals(settings))
        .join(customers, on="query", how="left")
        .with_columns(pl.col("customer_count").fill_null(0))
    )


def totals(settings: Settings) -> list[pl.Expr]:
    """What the searches of a query add up to."""
    results, position = pl.col("result_count"), pl.col("first_click_position")
    # A search whose lines are in several currencies has none, and makes the term's amount one of several.
    is_mixed = (pl.col("windowed_order_line_count") > 0) & pl.col("currency").is_null()
    return [
        pl.len().cast(pl.Int64).alias("search_count"),
        results.count().cast(pl.Int64).alias("reported_count"),
        how_many(results == 0, "zero_result_count"),
        how_many(results.is_between(1, settings.few_results_limit), "few_result_count"),
        results.median().alias("result_count_median"),
        how_many(pl.col("click_count") > 0, "clicked_count"),
        position.sum().alias("position_sum"),
        position.count().cast(pl.Int64).alias("position_count"),
        how_many(pl.col("strict_order_line_count") > 0, "ordered_strict_count"),
        how_many(pl.col("windowed_order_line_count") > 0, "ordered_windowed_count"),
        pl.col("strict_amount", "windowed_amount").sum(),
        pl.when(~is_mixed.any()).then(only_currency()).alias("currency"),
        how_many(pl.col("is_refined"), "refined_count"),
        how_many(pl.col("is_exit"), "exit_count"),
    ]


def how_many(condition: pl.Expr, name: str) -> pl.Expr:
    """How many rows meet the condition."""
    return condition.sum().cast(pl.Int64).alias(name)


def ratios() -> list[pl.Expr]:
    """Shares; null where there is nothing to share."""
    return [pl.when(pl.col(of) > 0).then(pl.col(part) / pl.col(of)).alias(name) for name, part, of in RATIOS]


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="search_terms",
        inputs=(Input("searches", look_back_days=max(settings.search_term_windows_days) - 1),),
        compute=partial(search_terms, settings=settings),
        division=Divided("query"),
        settings=("search_term_windows_days", "few_results_limit"),
    )
