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
- order: a sale (neither cancelled nor returned) that sums above zero, paid or not: with credit terms a payment comes
  months after the order, and rhythm is about ordering. Order day: a day with one. Active day: a day on which a session
  starts, or an order day.
- preferred_weekday: the weekday of most active days; preferred_hour: the hour, in the lake's time zone, in which most
  sessions start. Of equal ones the earlier.
- median_order_gap_days: the median of the days between one order day and the next.
- search_order_count: orders with a line that is credited to a search, exact or windowed.

Capacity, from paid orders as jobs/payments/paid_orders.py defines them: their number, sum (paid_amount), that less what
was given back (net_paid_amount), average, median (of an even number the mean of the middle two), 90th percentile
(nearest rank), and the average number of different products. Quotients are rounded half to even to four decimals.

Lifecycle, by the customer's own rhythm. The rhythm is the median gap of a customer with at least three order days, else
the median of those rhythms (30 days while there are none); never less than 7 days, for a week has a weekend in it. With
`late` = days since the last order day / rhythm:
    registered   no order, no session, no search, no interest
    browsing     no order, but one of those (a sample that was ordered is an interest)
    lost         late > 4: three orders or more were skipped
    dormant      late > 2.5: at least one was skipped, and half a rhythm more
    slowing      late > 1.5: half a rhythm overdue, beyond the ordinary scatter
    new          not late, with one or two order days: no rhythm of its own yet
    active       not late, with three order days or more

Source: `sessions`, `search_requests` and `orders` of the window, `customer_interests` of the day, `customers` as it
is now. Not `searches`: their outcome changes for a week, which would change nothing here but cost a rebuild each time.
Grain:  one customer; key customer_id.
Units:  money in currency; instants UTC.

Cost:   13 s of CPU and 0.7 GB for 5,000 customers with 180 days of 20,000 sessions, 20,000 searches and 5,000 lines.

Known limits: what lies before the window is not seen: a customer whose orders are all older counts as one without, and a
rhythm of more than 45 days ends before it is `lost`; a longer order_window_days mends both. Customers are those that
sessions were resolved to: of a session in which two customers logged in, only the first. Amounts of several currencies
are added; currency is then null.
"""

from datetime import date
from functools import partial

import polars as pl

from jobs.definitions.currency import only_currency
from jobs.definitions.reading import read_once
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided
from jobs.payments.paid_orders import MONEY, given_back, judged, nearest_rank
from schemas.settings import Settings

# What a person reads at a glance; `customer_interests` has the rest.
TOP = 10

# Two gaps are the fewest that have a middle worth the name.
OWN_RHYTHM_ORDER_DAYS = 3
LEAST_RHYTHM_DAYS = 7.0
# Of a shop without a single returning customer: a pharmacy restocks about once a month.
UNKNOWN_RHYTHM_DAYS = 30.0
SLOWING, DORMANT, LOST = 1.5, 2.5, 4.0

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
    profiles = known_customers(frames, day, time_zone)
    for part in (
        *interests(read_once(frames["customer_interests"])),
        top_queries(frames["search_requests"]),
        *visiting(visits, time_zone),
        *days_of_activity(visits, sales),
        ordering(sales, day),
        paying(orders),
        given_back(orders),
    ):
        profiles = profiles.join(part, on="customer_id", how="left")
    return profiles.with_columns(*nothing_is_zero()).with_columns(lifecycle()).select(COLUMNS).sort("customer_id")


def known_customers(frames: Frames, day: date, time_zone: str) -> pl.LazyFrame:
    """One row a customer, with what the master says of it."""
    master = frames["customers"].select("customer_id", *MASTER)
    registered = pl.col("registered_at").dt.convert_time_zone(time_zone).dt.date() <= day
    seen = [
        frames[table].select("customer_id").filter(pl.col("customer_id").is_not_null())
        for table in ("orders", "sessions", "search_requests", "customer_interests")
    ]
    ids = [master.filter(registered.fill_null(value=True)).select("customer_id"), *seen]
    return pl.concat(ids).unique().join(master, on="customer_id", how="left")


def interests(customer_interests: pl.LazyFrame) -> list[pl.LazyFrame]:
    """The lists of products, categories and brands, one frame each."""
    of_type = {name: customer_interests.filter(pl.col("entity_type") == name) for name in ("sku", "category", "brand")}
    unbought = of_type["sku"].filter((pl.col("view_count") > 0) & ~pl.col("has_ordered"))
    return [
        top(of_type["sku"].sort("rank"), "entity_id", "top_sku_ids"),
        top(of_type["category"].sort("rank"), "entity_id", "top_category_ids"),
        top(of_type["brand"].sort("rank"), "entity_id", "top_brands"),
        top(unbought.sort("rank"), "entity_id", "viewed_not_ordered_sku_ids"),
    ]


def top_queries(search_requests: pl.LazyFrame) -> pl.LazyFrame:
    """The list of queries."""
    searches = search_requests.filter(pl.col("customer_id").is_not_null())
    counts = searches.group_by("customer_id", "query").agg(pl.len().alias("search_count"))
    strongest = pl.col("query").sort_by("search_count", "query", descending=[True, False]).head(TOP)
    return counts.group_by("customer_id").agg(strongest.alias("top_queries"))


def top(ordered: pl.LazyFrame, name: str, into: str) -> pl.LazyFrame:
    """One row a customer: the first names in the order of the rows."""
    return ordered.group_by("customer_id", maintain_order=True).agg(pl.col(name).head(TOP).alias(into))


def visits_of(sessions: pl.LazyFrame) -> pl.LazyFrame:
    """The sessions of customers in which something was viewed, searched, clicked or favourited."""
    return sessions.filter(pl.col("customer_id").is_not_null() & (pl.sum_horizontal(ACTS) > 0))


def visiting(visits: pl.LazyFrame, time_zone: str) -> list[pl.LazyFrame]:
    """How many visits, and the hour most of them start in."""
    counts = visits.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("session_count"), pl.col("is_stitched").any()
    )
    hour = pl.col("started_at").dt.convert_time_zone(time_zone).dt.hour()
    return [counts, most_frequent(visits.select("customer_id", hour.alias("preferred_hour")), "preferred_hour")]


def days_of_activity(visits: pl.LazyFrame, sales: pl.LazyFrame) -> list[pl.LazyFrame]:
    """How many active days, and the weekday of most of them."""
    both = pl.concat([visits.select("customer_id", "event_date"), sales.select("customer_id", "event_date")])
    days = read_once(both.unique())
    weekday = pl.col("event_date").dt.weekday()
    return [
        days.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("active_day_count")),
        most_frequent(days.select("customer_id", weekday.alias("preferred_weekday")), "preferred_weekday"),
    ]


def most_frequent(rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """One row a customer: its value of most rows, of equal ones the least."""
    counts = rows.group_by("customer_id", column).agg(pl.len().alias("row_count"))
    ordered = counts.sort("customer_id", "row_count", column, descending=[False, True, False])
    first = ordered.unique("customer_id", keep="first", maintain_order=True)
    return first.select("customer_id", pl.col(column).cast(pl.Int64))


def ordering(sales: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """One row a customer with an order: how often, when last, and whether by way of a search."""
    order_days = sales.select("customer_id", "event_date").unique().sort("event_date")
    rhythms = order_days.group_by("customer_id", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("order_day_count"),
        pl.col("event_date").diff().dt.total_days().median().alias("median_order_gap_days"),
    )
    counts = sales.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("order_count"),
        pl.col("ordered_at").min().alias("first_ordered_at"),
        pl.col("ordered_at").max().alias("last_ordered_at"),
        (pl.lit(day) - pl.col("event_date").max()).dt.total_days().alias("days_since_last_order"),
        pl.col("is_from_search").sum().cast(pl.Int64).alias("search_order_count"),
    )
    return counts.join(rhythms, on="customer_id")


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


def lifecycle() -> pl.Expr:
    """Where the customer stands."""
    has_rhythm = pl.col("order_day_count") >= OWN_RHYTHM_ORDER_DAYS
    own = pl.when(has_rhythm).then(pl.col("median_order_gap_days"))
    rhythm = pl.max_horizontal(own.fill_null(own.median()).fill_null(UNKNOWN_RHYTHM_DAYS), pl.lit(LEAST_RHYTHM_DAYS))
    days = pl.col("days_since_last_order")
    has_browsed = (pl.col("session_count") > 0) | pl.any_horizontal(pl.col("top_sku_ids", "top_queries").list.len() > 0)
    return (
        pl.when(pl.col("order_count") == 0)
        .then(pl.when(has_browsed).then(pl.lit("browsing")).otherwise(pl.lit("registered")))
        .when(days > LOST * rhythm)
        .then(pl.lit("lost"))
        .when(days > DORMANT * rhythm)
        .then(pl.lit("dormant"))
        .when(days > SLOWING * rhythm)
        .then(pl.lit("slowing"))
        .when(has_rhythm)
        .then(pl.lit("active"))
        .otherwise(pl.lit("new"))
        .alias("lifecycle")
    )


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
            Input("customers", is_reference=True),
        ),
        compute=customer_profiles,
        division=Undivided(
            "a customer without a rhythm of its own has the median of all, and whether a source reports payments is asked of all its orders"
        ),
        settings=("order_window_days",),
        is_local=True,
    )
