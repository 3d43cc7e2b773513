"""`zero_result_terms`: what customers search for and do not find, what they may have meant, what it may be worth.

Meaning: one row for each normalised query of which at least one search, in the business days (28) that end with
`as_of`, was reported to find nothing or few (1 to 3). The first 1,000 are kept: those of most customers, then of most
such searches, then by query.
- customer_count: distinct customers of the searches that found nothing or few; search_count is of all searches for it.
- unserved_customer_count: those of these customers who clicked on nothing in any of these searches. A shop that has but
  two products of a kind serves who clicks on one of them.
- suggestions: the 5 products of the master whose names are nearest to the query by characters, by pinyin or by pinyin
  initials; jobs/wording/nearness.py says what near is. A name that several products share stands once, for the least
  sku_id. No master, no suggestions.
- usual_line_amount: a similar term is one that finds the suggested products; what is usually ordered by it is the median
  amount of all order lines of these products in sales of the window (the lower one of the two in the middle). Null when
  they had no sale, or in several currencies.
- estimated_lost_amount: unserved_customer_count x usual_line_amount, as if each customer who did not find it had ordered
  one such line, once. It orders terms by what to look at first; it is no forecast.
Days, limits and what is few are settings: zero_result_window_days, zero_result_term_limit, few_results_limit.

Source: `searches` and `order_lines` of the window, `skus` as it is now.
Grain:  one query; key query.
Units:  money in currency.

Known limits: a search whose result count was never reported is not seen here. The empty query is left out. Searches
without a customer are worth nothing in the estimate. Unlike events, a product that the master calls something else by
now suggests under its new name for the newest day.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from jobs.wording.nearness import nearest
from jobs.wording.normalized import normalized
from schemas.settings import Settings

# As many as a person reads before the next term.
SUGGESTION_LIMIT = 5
COLUMNS = (
    "query",
    "search_count",
    "zero_result_count",
    "few_result_count",
    "customer_count",
    "unserved_customer_count",
    "last_searched_at",
    "suggestions",
    "usual_line_amount",
    "estimated_lost_amount",
    "currency",
)


def zero_result_terms(frames: Frames, _day: date, *, settings: Settings) -> pl.LazyFrame:
    """The window's terms that found nothing or few."""
    found = terms(frames["searches"], settings)
    suggested = nearest(found, named(frames["skus"]), SUGGESTION_LIMIT)
    return (
        found.join(suggested, on="query", how="left")
        .join(usual_lines(suggested, frames["order_lines"]), on="query", how="left")
        .with_columns(
            pl.col("suggestions").fill_null([]),
            estimated_lost_amount=pl.col("unserved_customer_count") * pl.col("usual_line_amount"),
        )
        .select(COLUMNS)
        .sort("query")
    )


def terms(searches: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row a query, as many as are kept."""
    results = pl.col("result_count")
    failed = results <= settings.few_results_limit
    return (
        searches.filter(pl.col("query") != "")
        .group_by("query")
        .agg(
            pl.len().cast(pl.Int64).alias("search_count"),
            (results == 0).sum().cast(pl.Int64).alias("zero_result_count"),
            (failed & (results > 0)).sum().cast(pl.Int64).alias("few_result_count"),
            customers(failed).alias("customer_count"),
            (customers(failed) - customers(failed & (pl.col("click_count") > 0))).alias("unserved_customer_count"),
            pl.col("searched_at").filter(failed).max().alias("last_searched_at"),
        )
        .with_columns(failed_count=pl.col("zero_result_count") + pl.col("few_result_count"))
        .filter(pl.col("failed_count") > 0)
        .sort("customer_count", "failed_count", "query", descending=[True, True, False])
        .head(settings.zero_result_term_limit)
    )


def customers(condition: pl.Expr) -> pl.Expr:
    """How many distinct customers the searches have that meet the condition."""
    return pl.col("customer_id").filter(condition).drop_nulls().n_unique().cast(pl.Int64)


def named(skus: pl.LazyFrame) -> pl.LazyFrame:
    """The master's products by their normalised names, each name once."""
    return (
        skus.select("sku_id", "name", text=normalized(pl.col("name")))
        .filter(pl.col("text").is_not_null())
        .sort("sku_id")
        .unique("text", keep="first", maintain_order=True)
    )


def usual_lines(suggested: pl.LazyFrame, order_lines: pl.LazyFrame) -> pl.LazyFrame:
    """For each term with suggestions that were sold, what a line of them usually comes to."""
    products = suggested.explode("suggestions").select("query", pl.col("suggestions").struct.field("sku_id"))
    least, greatest = pl.col("currency").min(), pl.col("currency").max()
    middle = pl.col("amount").sort().get((pl.len() - 1) // 2)
    return (
        order_lines.filter("is_sale")
        .select("sku_id", "amount", "currency")
        .join(products, on="sku_id")
        .group_by("query")
        .agg(
            pl.when(least.is_null() | (least == greatest)).then(middle).alias("usual_line_amount"),
            pl.when(least == greatest).then(least).alias("currency"),
        )
    )


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    before = settings.zero_result_window_days - 1
    return Job(
        table="zero_result_terms",
        inputs=(
            Input("searches", look_back_days=before),
            Input("order_lines", look_back_days=before),
            Input("skus", is_reference=True),
        ),
        compute=partial(zero_result_terms, settings=settings),
        division=Undivided(
            "the terms that are kept are the first of all, and a usual line is the median of the lines of all customers"
        ),
        settings=("zero_result_window_days", "zero_result_term_limit", "few_results_limit"),
    )
