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

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.definitions.millionths import from_millionths
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from schemas.settings import Settings

NO_MONEY = pl.lit(0, dtype=pl.Decimal(38, 4))
# What is asked of the other searches of a session.
IN_SESSION = ("search_id", "session_id", "query", "searched_at", "last_searched_at")
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
    requests, tomorrow = frames["search_requests"], day + timedelta(days=1)
    of_day = read_once(requests.filter(pl.col("event_date") == day))
    of_two_days = requests.filter(pl.col("event_date") <= tomorrow)
    with_others = of_two_days.select(IN_SESSION).filter(pl.col("session_id").is_duplicated())
    acts = read_once(frames["search_clicks"].join(of_day.select("search_id"), on="search_id", how="semi"))
    again = requests.filter(pl.col("event_date") > day)
    outcomes = [
        clicks(acts.filter(pl.col("event_type") == "click")),
        favorites(acts.filter(pl.col("event_type") == "favorite")),
        orders(frames["order_lines"], again),
        among_others(with_others, timedelta(minutes=settings.search_refine_minutes)),
    ]
    found = of_day.join(last_acts(frames["session_events"]), on="session_id", how="left")
    for outcome in outcomes:
        found = found.join(outcome, on="search_id", how="left")
    return found.with_columns(*derived()).select(COLUMNS).sort("search_id")


def clicks(search_clicks: pl.LazyFrame) -> pl.LazyFrame:
    """One row a search that was clicked."""
    ordered = read_once(search_clicks.sort("clicked_at", "event_id"))
    skus = ordered.unique(["search_id", "sku_id"], keep="first", maintain_order=True)
    clicked_skus = skus.group_by("search_id", maintain_order=True).agg(pl.col("sku_id").alias("clicked_sku_ids"))
    return (
        ordered.group_by("search_id", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("click_count"),
            pl.col("clicked_at").first().alias("first_clicked_at"),
            pl.col("position").first().alias("first_click_position"),
        )
        .join(clicked_skus, on="search_id", how="left")
    )


def favorites(search_clicks: pl.LazyFrame) -> pl.LazyFrame:
    """One row a search whose results were favourited."""
    return search_clicks.group_by("search_id").agg(
        pl.len().cast(pl.Int64).alias("favorite_count"), pl.col("clicked_at").min().alias("first_favorited_at")
    )


def orders(order_lines: pl.LazyFrame, again: pl.LazyFrame) -> pl.LazyFrame:
    """One row a search that lines of sales are credited to, unless its search_id was used `again` by then."""
    credited = read_once(order_lines.filter(pl.col("is_sale") & pl.col("search_id").is_not_null()))
    used_again = (
        again.join(credited.select("search_id"), on="search_id", how="semi")
        .group_by("search_id")
        .agg(pl.col("event_date").min().alias("used_again_date"))
    )
    is_exact, is_paid = pl.col("search_attribution") == "exact", pl.col("paid_at").is_not_null()
    return (
        credited.join(used_again, on="search_id", how="left")
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


def among_others(requests: pl.LazyFrame, within: timedelta) -> pl.LazyFrame:
    """For each search, whether another query of its session follows `within`, and the last event of its other searches."""
    session, query = pl.col("session_id"), pl.col("query")
    is_new_session = session.ne_missing(session.shift())
    return (
        requests.sort("session_id", "searched_at", "query")
        .with_columns(session=is_new_session.cum_sum(), run=(is_new_session | (query != query.shift())).cum_sum())
        .with_columns(is_refined=is_refined(within))
        .sort("session", "last_searched_at")
        .select("search_id", "is_refined", last_of_others().alias("last_other_at"))
    )


def is_refined(within: timedelta) -> pl.Expr:
    """Whether what follows soon enough has another query; rows stand by session, searched_at and query.

    What follows stands between two places, found on one scale of time on which the sessions come one after the other. It
    has no other query when it begins with the search's own and lies in one run of equal ones. Pairs of searches would be
    too many in a session of a robot.
    """
    elapsed = (pl.col("searched_at") - pl.col("searched_at").min()).dt.total_microseconds()
    soon = within // timedelta(microseconds=1)
    at = pl.col("session").cast(pl.Int64) * (elapsed.max() + soon + 1) + elapsed
    first, end = at.search_sorted(at, side="right"), at.search_sorted(at + soon, side="right")
    beginning = pl.min_horizontal(first, pl.len() - 1)  # past the last row nothing follows
    is_other = pl.col("query").gather(beginning) != pl.col("query")
    return (end > first) & (is_other | (pl.col("run").gather(beginning) != pl.col("run").gather(end - 1)))


def last_of_others() -> pl.Expr:
    """The last event of the session's other searches; rows are sorted by it. The last row looks at the one before."""
    at = pl.col("last_searched_at")
    is_last = pl.col("session").ne_missing(pl.col("session").shift(-1))
    return pl.when(is_last).then(at.shift()).otherwise(pl.when(is_last).then(at).backward_fill())


def last_acts(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row a session: its last act that is no search."""
    acts = events.filter(~pl.col("event_type").is_in(["search", "search_result"]))
    return acts.group_by("session_id").agg(pl.col("occurred_at").max().alias("last_act_at"))


def derived() -> list[pl.Expr]:
    """What is told by the columns joined, and what it means that none were."""
    last_at = pl.max_horizontal("last_act_at", "last_other_at")
    wait = (pl.col("first_clicked_at") - pl.col("searched_at")).dt.total_microseconds()
    return [
        (pl.col("result_count") > 0).alias("has_results"),
        from_millionths(wait.clip(lower_bound=0)).alias("first_click_after_seconds"),
        pl.col("clicked_sku_ids").fill_null([]),
        pl.col(COUNTS).fill_null(0),
        pl.col("strict_amount", "windowed_amount").fill_null(NO_MONEY),
        pl.col("is_refined").fill_null(value=False),
        (~(last_at >= pl.col("searched_at")).fill_null(value=False)).alias("is_exit"),
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
        division=Undivided(
            "a search is found by its session and by its search_id, which clicks and searches of other sessions carry"
        ),
        settings=("search_refine_minutes", "attribution_window_days"),
    )
