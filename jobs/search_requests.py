"""`search_requests`: every search once, with its keystrokes and repeats folded in, and the number of its results.

Meaning. A search is a group of search events under one name:
- events that carry a search_id: that search_id;
- events that carry none: the event_id of the first event of their chain. A chain is a run of such events of one actor,
  each at most 30 s after the one before and with a normalised query that equals or extends that one's. A chain whose
  name some client uses as a search_id belongs to that search. The actor is the device, or the customer when there is
  no device.
A search_id seen on two days running is one search, of the first day: what comes on the second adds nothing to it.
Events stand in the order (occurred_at, client_at, event_id). The query is that of the last event; searched_at is the
first event with that query, which also gives event_date, query_raw, session, customer and channel.

query: NFKC, lower case, traditional characters made simplified, spaces folded and trimmed (`jobs/wording`).

result_count: the last reported of the first page (page null, 0 or 1) by the search_result events that belong to the
search: those that carry its name as search_id, unless they name another query; and those without search_id, of the same
actor and query, whose last such search event lies at most 30 s before (several at one instant: the last in order).

The 30 s are the setting search_fold_seconds.

Source: `session_events` of the day, the day before and the day after (a chain or a result over midnight).
Grain:  one search; key search_id.
Units:  instants UTC.

Known limits: a result without search_id that is reported by a server which does not know the device finds no search of
a device. A search_id that a client uses again after a day or more without it makes two searches of one name; what
outcome belongs to which is for `searches` to tell. A query of spaces alone is the empty query.
"""

from datetime import date, timedelta
from functools import partial

import polars as pl

from jobs.definitions.reading import read_once
from jobs.definitions.visits import EVENT_ORDER
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from jobs.wording.normalized import normalized
from schemas.settings import Settings

READ = (
    "event_date",
    *EVENT_ORDER,
    "event_type",
    "search_id",
    "session_id",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "anonymous_id",
    "channel",
    "query",
    "page",
    "result_count",
)


def search_requests(frames: Frames, day: date, *, settings: Settings) -> pl.LazyFrame:
    """The searches whose searched_at falls on the day."""
    fold = timedelta(seconds=settings.search_fold_seconds)
    events = with_query(
        read_once(
            frames["session_events"].filter(pl.col("event_type").is_in(["search", "search_result"])).select(*READ)
        )
    )
    events = read_once(events.with_columns(actor()))
    typed = read_once(with_search(with_name(events.filter(pl.col("event_type") == "search"), fold)))
    of_day = typed.filter(pl.col("is_first") & (pl.col("event_date") == day))
    results = events.filter((pl.col("event_type") == "search_result") & (pl.col("page").fill_null(1) <= 1))
    # What is reported before the day for a query typed before it belongs to no search of the day.
    from_day_on = pl.col("event_date") >= day
    reported = pl.concat(
        [
            results_by_name(results, of_day),
            results_by_query(results.filter(from_day_on), typed.filter(from_day_on), fold),
        ]
    )
    return (
        of_day.join(last_report(reported), on="name", how="left")
        .select(
            pl.col("name").alias("search_id"),
            "is_derived",
            "started_at",
            pl.col("occurred_at").alias("searched_at"),
            "last_searched_at",
            "event_count",
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
        )
        .sort("search_id")
    )


def with_query(events: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the normalised query; each wording is normalised once."""
    wordings = events.select(query_raw=pl.col("query").drop_nulls().unique())
    normal = wordings.with_columns(query=normalized(pl.col("query_raw")))
    return events.rename({"query": "query_raw"}).join(normal, on="query_raw", how="left")


def actor() -> pl.Expr:
    """The device, else the customer; the letter before keeps the two kinds of name apart."""
    return pl.coalesce("d" + pl.col("anonymous_id"), "c" + pl.col("customer_id")).alias("actor")


def with_name(searches: pl.LazyFrame, fold: timedelta) -> pl.LazyFrame:
    """The search events that count, each with the name of its search."""
    told = searches.filter(pl.col("search_id").is_not_null()).with_columns(name=pl.col("search_id"))
    named = read_once(pl.concat([told, chained(searches.filter(pl.col("search_id").is_null()), fold)]))
    of_clients = named.join(told.select("name"), on="name", how="semi")
    first_days = of_clients.group_by("name").agg(first_day=pl.col("event_date").min())
    return (
        named.join(first_days, on="name", how="left")
        .filter((pl.col("event_date") == pl.col("first_day")).fill_null(value=True))
        .with_columns(is_derived=pl.col("first_day").is_null())
        .drop("result_count")
    )


def chained(searches: pl.LazyFrame, fold: timedelta) -> pl.LazyFrame:
    """Events without a search_id, named after the first of their chain."""
    goes_on = (
        (pl.col("actor") == pl.col("actor").shift())
        & (pl.col("occurred_at") - pl.col("occurred_at").shift() <= fold)
        & pl.col("query").str.starts_with(pl.col("query").shift())
    ).fill_null(value=False)
    begins_here = pl.when(~goes_on).then("event_id")
    return searches.sort("actor", *EVENT_ORDER).with_columns(name=begins_here.forward_fill())


def with_search(named: pl.LazyFrame) -> pl.LazyFrame:
    """The events with the whole query, and what is known of their search; `is_first` is the one that stands for it.

    Most searches are one event: only the others need to be put in order.
    """
    named = read_once(named.with_columns(is_repeated=pl.col("name").is_duplicated()))
    at = pl.col("occurred_at")
    single = named.filter(~pl.col("is_repeated")).with_columns(
        started_at=at, last_searched_at=at, event_count=pl.lit(1, dtype=pl.Int64), is_first=pl.lit(value=True)
    )
    repeated = (
        named.filter("is_repeated")
        .sort("name", *EVENT_ORDER)
        .with_columns(
            started_at=at.first().over("name"),
            last_searched_at=at.last().over("name"),
            event_count=pl.len().over("name").cast(pl.Int64),
            whole_query=pl.col("query").last().over("name"),
        )
        .filter(pl.col("query") == pl.col("whole_query"))
        .drop("whole_query")
        .with_columns(is_first=pl.col("name").is_first_distinct())
    )
    return pl.concat([single, repeated])


def results_by_name(results: pl.LazyFrame, requests: pl.LazyFrame) -> pl.LazyFrame:
    """Results that carry the search's name, and no other query than its own."""
    whole_query = requests.select("name", pl.col("query").alias("whole_query"))
    return (
        results.join(whole_query, left_on="search_id", right_on="name")
        .filter((pl.col("query") == pl.col("whole_query")).fill_null(value=True))
        .select(pl.col("search_id").alias("name"), *EVENT_ORDER, "result_count")
    )


def results_by_query(results: pl.LazyFrame, typed: pl.LazyFrame, fold: timedelta) -> pl.LazyFrame:
    """Results that carry no search_id, and the search their query was typed for just before."""
    typed = typed.select("actor", "query", "name", *EVENT_ORDER).sort(EVENT_ORDER)
    return (
        results.filter(pl.col("search_id").is_null())
        .sort("occurred_at")
        .join_asof(
            typed.select("actor", "query", "name", "occurred_at"),
            on="occurred_at",
            by=["actor", "query"],
            strategy="backward",
            tolerance=fold,
            check_sortedness=False,  # Polars cannot check it within groups and would warn
        )
        .filter(pl.col("name").is_not_null())
        .select("name", *EVENT_ORDER, "result_count")
    )


def last_report(reported: pl.LazyFrame) -> pl.LazyFrame:
    """What was reported last for each search."""
    return (
        reported.sort(EVENT_ORDER)
        .unique("name", keep="last", maintain_order=True)
        .select("name", "result_count", pl.col("occurred_at").alias("resulted_at"))
    )


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    return Job(
        table="search_requests",
        inputs=(Input("session_events", look_back_days=1, look_ahead_days=1),),
        compute=partial(search_requests, settings=settings),
        division=Undivided("a search_id may come from several devices, and results without one belong to a device"),
        settings=("search_fold_seconds",),
    )
