"""`searches`: every search with what came of it: results, clicks, favourites, orders.

Meaning: one row for each search of `search_requests`.
- has_results: result_count > 0; null when no count was ever reported.
- Clicks and favourites: those `search_clicks` gives to the search, on its day and the day after, in the order
  (clicked_at, event_id). first_click_position is that of the first click, null where the client told none.
- is_refined: another search of the session, with another query, has its searched_at after this one's and at most 5
  minutes after it.
- is_exit: at or after searched_at the session has no view, click, favourite or order, on the search's day or the day
  after, and no other search of these two days was made or repeated in it. Search results are no act of a customer, and the
  search's own repeats are the search.
- Orders: lines of sales (neither cancelled nor returned) that `order_lines` credits to the search, on its day and the 7
  after. strict: search_attribution `exact`. windowed: `exact` or `windowed`, so that strict is a part of it. A line is
  counted by one search only: where its search_id was used for a new search again, by the last on or before its day.
  Amounts are 0 where no line is credited, and null in no case. A search's row changes while its seven days last.
The 5 minutes and 7 days are settings: search_refine_minutes, attribution_window_days.

Source: `search_requests` of the day and the 7 after, `search_clicks` and `session_events` of the day and the next,
        `order_lines` of the day and the 7 after.
Grain:  one search; key search_id.
Units:  money in currency, amounts of several currencies are added and currency is then null; instants UTC.

Known limits: a click later than the day after, and a line that carries a search_id but is ordered more than 7 days
after the search, are not counted.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.definitions.millionths import from_millionths
from jobs.engine.declaration import Frames, Input, Job
from schemas.settings import Settings

NO_MONEY = pl.lit(0, dtype=pl.Decimal(38, 4))
COUNTS = (
    "click_count",
    "favorite_count",
    "strict_order_line_count",
    "strict_paid_line_count",
    "windowed_order_line_count",
    "windowed_paid_line_count",
)
COLUMNS = (
    "search_id",
    "is_derived",
    "searched_at",
    "session_id",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "anonymous_id",
    "channel",
    "query_raw",
    "query",
    "result_count",
    "resulted_at",
    "has_results",
    "click_count",
    "first_clicked_at",
    "first_click_position",
    "first_click_after_seconds",
    "clicked_sku_ids",
    "favorite_count",
    "first_favorited_at",
    "is_refined",
    "is_exit",
    "strict_order_line_count",
    "strict_amount",
    "strict_paid_line_count",
    "windowed_order_line_count",
    "windowed_amount",
    "windowed_paid_line_count",
    "currency",
    "first_ordered_at",
    "first_paid_at",
)


def searches(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The day's searches with their outcomes."""
    requests = frames["search_requests"]
    of_day = requests.filter(pl.col("event_date") == day)
    of_two_days = requests.filter(pl.col("event_date") <= day + timedelta(days=1))
    joined = [
        clicks(frames["search_clicks"]),
        favorites(frames["search_clicks"]),
        orders(frames["order_lines"], requests, day),
        refined(of_two_days, timedelta(minutes=settings.search_refine_minutes)),
        followed(of_two_days, frames["session_events"]),
    ]
    for outcome in joined:
        of_day = of_day.join(outcome, on="search_id", how="left")
    return of_day.with_columns(*derived()).select(COLUMNS).sort("search_id")


def clicks(search_clicks: pl.LazyFrame) -> pl.LazyFrame:
    """One row a search that was clicked."""
    return (
        search_clicks.filter(pl.col("event_type") == "click")
        .sort("clicked_at", "event_id")
        .group_by("search_id", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("click_count"),
            pl.col("clicked_at").first().alias("first_clicked_at"),
            pl.col("position").first().alias("first_click_position"),
            pl.col("sku_id").unique(maintain_order=True).alias("clicked_sku_ids"),
        )
    )


def favorites(search_clicks: pl.LazyFrame) -> pl.LazyFrame:
    """One row a search whose results were favourited."""
    of_searches = search_clicks.filter(pl.col("event_type") == "favorite").group_by("search_id")
    return of_searches.agg(
        pl.len().cast(pl.Int64).alias("favorite_count"), pl.col("clicked_at").min().alias("first_favorited_at")
    )


def orders(order_lines: pl.LazyFrame, requests: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """One row a search that lines of sales are credited to."""
    again = requests.filter(pl.col("event_date") > day)
    used_again = again.group_by("search_id").agg(pl.col("event_date").min().alias("used_again_date"))
    is_exact, is_paid = pl.col("search_attribution") == "exact", pl.col("paid_at").is_not_null()
    return (
        order_lines.filter(pl.col("is_sale") & pl.col("search_id").is_not_null())
        .join(used_again, on="search_id", how="left")
        .filter((pl.col("event_date") < pl.col("used_again_date")).fill_null(value=True))
        .group_by("search_id")
        .agg(
            is_exact.sum().cast(pl.Int64).alias("strict_order_line_count"),
            pl.col("amount").filter(is_exact).sum().alias("strict_amount"),
            (is_exact & is_paid).sum().cast(pl.Int64).alias("strict_paid_line_count"),
            pl.len().cast(pl.Int64).alias("windowed_order_line_count"),
            pl.col("amount").sum().alias("windowed_amount"),
            is_paid.sum().cast(pl.Int64).alias("windowed_paid_line_count"),
            only_currency(),
            pl.col("ordered_at").min().alias("first_ordered_at"),
            pl.col("paid_at").min().alias("first_paid_at"),
        )
    )


def refined(requests: pl.LazyFrame, within: timedelta) -> pl.LazyFrame:
    """For each search, whether one of its session with another query follows soon enough."""
    in_session = ["session_id"]
    any_query = later(requests, in_session, within).rename({"later": "any_query"})
    own_query = later(requests, [*in_session, "query"], within).rename({"later": "own_query"})
    is_refined = pl.col("any_query") > pl.col("own_query")
    return any_query.join(own_query, on="search_id").select("search_id", is_refined.alias("is_refined"))


def later(requests: pl.LazyFrame, by: Sequence[str], within: timedelta) -> pl.LazyFrame:
    """For each search, how many of the same `by` lie after it, and no further than `within`.

    As a difference of two running counts: pairs of searches would be too many in a session of a robot.
    """
    at = pl.col("searched_at")
    counted = requests.sort(*by, "searched_at").select(
        "search_id", *by, "searched_at", running=pl.int_range(1, pl.len() + 1).over(*by)
    )
    until = counted.group_by(*by, "searched_at").agg(pl.col("running").max()).sort("searched_at")
    both = (
        counted.select("search_id", *by, "searched_at")
        .join(until.rename({"running": "so_far"}), on=[*by, "searched_at"])
        .with_columns(last_at=at + within)
        .sort("last_at")
        .join_asof(
            until.rename({"searched_at": "counted_at"}),
            left_on="last_at",
            right_on="counted_at",
            by=list(by),
            strategy="backward",
            check_sortedness=False,  # Polars cannot check it within groups and would warn
        )
    )
    return both.select("search_id", later=pl.col("running") - pl.col("so_far"))


def followed(requests: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """For each search, whether its session goes on: an act, or another search, at or after it."""
    is_act = ~pl.col("event_type").is_in(["search", "search_result"])
    acts = events.filter(is_act).group_by("session_id").agg(pl.col("occurred_at").max().alias("last_act_at"))
    return (
        requests.select("search_id", "session_id", "searched_at", "last_searched_at")
        .sort("session_id", "last_searched_at")
        .with_columns(last_other_at=last_of_others())
        .join(acts, on="session_id", how="left")
        .select(
            "search_id",
            is_exit=~(pl.max_horizontal("last_act_at", "last_other_at") >= pl.col("searched_at")).fill_null(
                value=False
            ),
        )
    )


def last_of_others() -> pl.Expr:
    """The last event of the session's other searches; rows are sorted by it. The last row looks at the one before."""
    at = pl.col("last_searched_at")
    is_last = pl.int_range(pl.len()).over("session_id") == pl.len().over("session_id") - 1
    return pl.when(is_last).then(at.shift().over("session_id")).otherwise(at.last().over("session_id"))


def derived() -> list[pl.Expr]:
    """What is told by the columns joined, and what it means that none were."""
    wait = (pl.col("first_clicked_at") - pl.col("searched_at")).dt.total_microseconds()
    return [
        (pl.col("result_count") > 0).alias("has_results"),
        from_millionths(wait.clip(lower_bound=0)).alias("first_click_after_seconds"),
        pl.col("clicked_sku_ids").fill_null([]),
        pl.col(COUNTS).fill_null(0),
        pl.col("strict_amount", "windowed_amount").fill_null(NO_MONEY),
    ]


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    window_days = settings.attribution_window_days
    return Job(
        table="searches",
        inputs=(
            Input("search_requests", look_ahead_days=max(window_days, 1)),
            Input("search_clicks", look_ahead_days=1),
            Input("session_events", look_ahead_days=1),
            Input("order_lines", look_ahead_days=window_days),
        ),
        compute=partial(searches, settings=settings),
        settings=("search_refine_minutes", "attribution_window_days"),
    )
