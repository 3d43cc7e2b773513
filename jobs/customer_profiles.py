"""`customer_profiles`: one row a customer: what it wants, how it orders, what it spends, and where it stands.

Meaning: over the business days (180) that end with `as_of`. One row for each customer that the master of customers
knew by then (registered_at on or before as_of, or not known), and for each that visited, searched or ordered.

Demand, each a list of at most 10, strongest first:
- top_sku_ids, top_category_ids, top_brands: by the rank of `customer_interests`. viewed_not_ordered_sku_ids: of the
  products there, those with a view and without an order.
- top_queries: normalised queries by their number of searches; equal numbers in the order of the text.

Habit.
- session: a visit in which the customer viewed, searched, clicked or favourited; sessions that hold nothing but an
  order's status (the ERP's nightly message) are no visits.
- order, order day, median_order_gap_days, days_since_last_order: as in `customer_lifecycles`. Active day: a day on which
  a session starts, or an order day.
- preferred_weekday: the weekday of most active days; preferred_hour: the hour, in the lake's time zone, in which most
  sessions start. Of equal ones the earlier.
- search_order_count: orders with a line that is credited to a search, exact or windowed.

Capacity, from paid orders as jobs/payments/paid_orders.py defines them: their number, sum (paid_amount), that less what
was given back (net_paid_amount), average, median (of an even number the mean of the middle two), 90th percentile
(nearest rank), and the average number of different products. Quotients are rounded half to even to four decimals.

Lifecycle: that of `customer_lifecycles`; without an order in the window
    registered   no order, no session, no search, no interest
    browsing     no order, but one of those (a sample that was ordered is an interest)

Source: `sessions`, `search_requests` and `orders` of the window, `customer_interests` and `customer_lifecycles` of
the day, `customers` as it is now. Not `searches`: their outcome changes for a week, which would change nothing here but
cost a rebuild each time.
Grain:  one customer; key customer_id.
Units:  money in currency; instants UTC.

Cost:   7 s of CPU for 20,000 customers with 180 days of 20,000 sessions, 25,000 searches and 3,000 orders.

Known limits: what lies before the window is not seen: a customer whose orders are all older counts as one without; a
longer order_window_days mends it. Customers are those that sessions were resolved to: of a session in which two
customers logged in, only the first. Amounts of several currencies are added; currency is then null.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.definitions.pairs import PAIR, unordered_pairs
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from jobs.payments.paid_orders import MONEY, given_back, judged, nearest_rank
from schemas.settings import Settings

# What a person reads at a glance; `customer_interests` has the rest.
TOP = 10

SEARCHES = unordered_pairs("customer_id", "query")
ACTS = ("view_count", "search_count", "click_count", "favorite_count")
MASTER = ("name", "region", "customer_type", "registered_at")
COUNTS = ("active_day_count", "session_count", "order_count", "order_day_count", "search_order_count")
LISTS = ("top_sku_ids", "top_category_ids", "top_brands", "top_queries", "viewed_not_ordered_sku_ids")
COLUMNS = (
    "customer_id",
    *MASTER,
    "lifecycle",
    "is_stitched",
    *LISTS,
    "active_day_count",
    "session_count",
    "preferred_weekday",
    "preferred_hour",
    "order_count",
    "order_day_count",
    "first_ordered_at",
    "last_ordered_at",
    "median_order_gap_days",
    "days_since_last_order",
    "search_order_count",
    "search_order_ratio",
    "currency",
    "paid_order_count",
    "paid_amount",
    "net_paid_amount",
    "average_order_amount",
    "median_order_amount",
    "p90_order_amount",
    "skus_per_order",
)


def customer_profiles(frames: Frames, day: date, *, time_zone: str) -> pl.LazyFrame:
    """Every known customer as of the day, with what the window says of it."""
    orders = read_once(judged(frames["orders"]))
    sales = orders.filter(pl.col("is_sale") & (pl.col("amount") > 0))
    visits = read_once(visits_of(frames["sessions"]))
    queries = read_once(top_queries(frames["search_requests"]))
    profiles = known_customers(frames, queries, day, time_zone)
    for part in (
        *interests(read_once(frames["customer_interests"])),
        queries,
        *visiting(visits, time_zone),
        *days_of_activity(visits, sales),
        ordering(sales),
        standing(frames["customer_lifecycles"]),
        paying(orders),
        given_back(orders),
    ):
        profiles = profiles.join(part.with_columns(pl.col("customer_id").cast(pl.String)), on="customer_id", how="left")
    return profiles.with_columns(*nothing_is_zero()).with_columns(lifecycle()).select(COLUMNS).sort("customer_id")


def known_customers(frames: Frames, queries: pl.LazyFrame, day: date, time_zone: str) -> pl.LazyFrame:
    """One row a customer, with what the master says of it. `queries` has everyone who searched."""
    master = frames["customers"].select("customer_id", *MASTER)
    registered = pl.col("registered_at").dt.convert_time_zone(time_zone).dt.date() <= day
    seen = [
        frames[table].select("customer_id").filter(pl.col("customer_id").is_not_null())
        for table in ("orders", "sessions", "customer_interests")
    ]
    ids = [master.filter(registered.fill_null(value=True)).select("customer_id"), queries.select("customer_id"), *seen]
    return pl.concat(ids).unique().join(master, on="customer_id", how="left")


def interests(customer_interests: pl.LazyFrame) -> list[pl.LazyFrame]:
    """The lists of products, categories and brands, one frame each."""
    is_sku, is_first = pl.col("entity_type") == "sku", pl.col("rank") <= TOP
    is_unbought = (pl.col("view_count") > 0) & ~pl.col("has_ordered")
    kept = {
        "top_sku_ids": is_sku & is_first,
        "top_category_ids": (pl.col("entity_type") == "category") & is_first,
        "top_brands": (pl.col("entity_type") == "brand") & is_first,
        "viewed_not_ordered_sku_ids": is_sku & is_unbought,
    }
    return [
        customer_interests.filter(condition)
        .group_by("customer_id")
        .agg(pl.col("entity_id").sort_by("rank").head(TOP).alias(name))
        for name, condition in kept.items()
    ]


def top_queries(search_requests: pl.LazyFrame) -> pl.LazyFrame:
    """The list of queries."""
    numbered = search_requests.filter(pl.col("customer_id").is_not_null()).select(SEARCHES.number())
    counts = numbered.group_by(PAIR).agg(pl.len().alias("search_count")).select("search_count", *SEARCHES.places())
    query = pl.col("query").cast(pl.String)
    strongest = query.sort_by(pl.col("search_count"), query, descending=[True, False]).head(TOP)
    top = counts.group_by("customer_id").agg(strongest.alias("top_queries"))
    return top.with_columns(pl.col("customer_id").cast(pl.String))


def visits_of(sessions: pl.LazyFrame) -> pl.LazyFrame:
    """The sessions of customers in which something was viewed, searched, clicked or favourited.

    Customers are categories here, which are grouped in half the time of texts.
    """
    visits = sessions.filter(pl.col("customer_id").is_not_null() & (pl.sum_horizontal(ACTS) > 0))
    return visits.select(pl.col("customer_id").cast(pl.Categorical), "event_date", "started_at", "is_stitched")


def visiting(visits: pl.LazyFrame, time_zone: str) -> list[pl.LazyFrame]:
    """How many visits, and the hour most of them start in."""
    counts = visits.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("session_count"), pl.col("is_stitched").any()
    )
    hour = pl.col("started_at").dt.convert_time_zone(time_zone).dt.hour()
    return [counts, most_frequent(visits.select("customer_id", hour.alias("preferred_hour")), "preferred_hour")]


def days_of_activity(visits: pl.LazyFrame, sales: pl.LazyFrame) -> list[pl.LazyFrame]:
    """How many active days, and the weekday of most of them."""
    ordered = sales.select(pl.col("customer_id").cast(pl.Categorical), "event_date")
    days = read_once(pl.concat([visits.select("customer_id", "event_date"), ordered]).unique())
    weekday = pl.col("event_date").dt.weekday()
    return [
        days.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("active_day_count")),
        most_frequent(days.select("customer_id", weekday.alias("preferred_weekday")), "preferred_weekday"),
    ]


def most_frequent(rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """One row a customer: its value of most rows, of equal ones the least."""
    counts = rows.group_by("customer_id", column).agg(pl.len().alias("row_count"))
    first = pl.col(column).sort_by("row_count", column, descending=[True, False]).first()
    return counts.group_by("customer_id").agg(first.cast(pl.Int64))


def ordering(sales: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer with an order: how many, when, and whether by way of a search."""
    return sales.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("order_count"),
        pl.col("ordered_at").min().alias("first_ordered_at"),
        pl.col("ordered_at").max().alias("last_ordered_at"),
        pl.col("is_from_search").sum().cast(pl.Int64).alias("search_order_count"),
    )


def paying(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer with a paid order: how much, and how much an order."""
    amount = pl.col("amount")
    middle = (amount.sort().get((pl.len() - 1) // 2) + amount.sort().get(pl.len() // 2)) / pl.lit(2, dtype=pl.Int64)
    return (
        orders.filter("is_paid_order")
        .group_by("customer_id")
        .agg(
            only_currency(),
            pl.len().cast(pl.Int64).alias("paid_order_count"),
            amount.sum().alias("paid_amount"),
            middle.cast(MONEY).alias("median_order_amount"),
            nearest_rank(amount, 90).alias("p90_order_amount"),
            pl.col("sku_count").sum().alias("sku_count"),
        )
    )


def nothing_is_zero() -> list[pl.Expr]:
    """Counts and sums of nothing are 0, lists of nothing empty; what has no denominator stays null."""
    none = pl.lit(0, dtype=MONEY)
    paid, paid_orders = pl.col("paid_amount"), pl.col("paid_order_count")
    return [
        pl.col(*COUNTS, "paid_order_count").fill_null(0),
        pl.col(LISTS).fill_null(pl.lit([], dtype=pl.List(pl.String))),
        pl.col("is_stitched").fill_null(value=False),
        paid.fill_null(none),
        (paid.fill_null(none) + pl.col("given_back_amount").fill_null(none)).alias("net_paid_amount"),
        (paid / paid_orders).cast(MONEY).alias("average_order_amount"),
        (pl.col("sku_count") / paid_orders).alias("skus_per_order"),
        (pl.col("search_order_count") / pl.col("order_count")).alias("search_order_ratio"),
    ]


def standing(lifecycles: pl.LazyFrame) -> pl.LazyFrame:
    """One row a customer with an order: where it stands."""
    return lifecycles.select(
        "customer_id", "lifecycle", "order_day_count", "median_order_gap_days", "days_since_last_order"
    )


def lifecycle() -> pl.Expr:
    """Where the customer stands, with an order or without."""
    has_browsed = (pl.col("session_count") > 0) | pl.any_horizontal(pl.col("top_sku_ids", "top_queries").list.len() > 0)
    without = pl.when(has_browsed).then(pl.lit("browsing")).otherwise(pl.lit("registered"))
    return pl.coalesce("lifecycle", without).alias("lifecycle")


def declare(settings: Settings) -> Job:
    """The job under these settings."""
    window = partial(Input, look_back_days=settings.order_window_days - 1)
    return Job(
        table="customer_profiles",
        inputs=(
            window("sessions"),
            window("search_requests"),
            window("orders"),
            Input("customer_interests"),
            Input("customer_lifecycles"),
            Input("customers", is_reference=True),
        ),
        compute=customer_profiles,
        division=Undivided("whether a source reports payments is asked of all its orders"),
        settings=("order_window_days",),
        is_local=True,
    )
