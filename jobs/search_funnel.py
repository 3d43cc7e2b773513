"""`search_funnel`: how far the day's searches came, by channel and by where the customer stood.

Meaning: one row for each channel and lifecycle with at least one search on the day. Each step holds the searches of the
step before that also
- searched:          all of them;
- with_results:      has_results; or, where no result count was ever reported, were clicked, which shows that there were;
- clicked:           have a click;
- favorited:         have a favourite;
- ordered_windowed:  have a line of a sale credited to them, exactly or by the window;
- ordered_strict:    have one credited exactly;
- paid:              have one credited exactly that is paid.
As a favourite seldom comes before an order, the columns clicked_… say the same of clicked searches with and without one.
Of each step the distinct customers are counted too; searches without a customer count in the searches alone. A customer
on two channels is one of both, so that customers add up over lifecycles and not over channels.

lifecycle: that of the newest `customer_lifecycles` of the 7 days before the day, so that what a customer does on the day
does not change what it is counted under. `browsing`: a customer that has none there, and so no order. `unknown`: no
customer, or nobody's lifecycle is known before the day.

Median seconds (of an even number, the lower of the two in the middle) are over the searches of the later step where both
instants are known and stand in this order; orders and payments are the first of all lines credited.
clicked_to_ordered is over clicked_ordered_windowed.

Source: `searches` of the day, `customer_lifecycles` of the 7 days before.
Grain:  one channel and lifecycle; key (channel, lifecycle).
Units:  seconds.

Known limits: as in `searches`, orders come in for 7 days.
"""

from datetime import date

import polars as pl

from jobs.definitions.millionths import from_millionths
from jobs.engine.declaration import Frames, Input, Job
from jobs.engine.division import Undivided

KEY = ("channel", "lifecycle")
# A shop that is shut for a week has no newer ones; what was known longer ago says little.
LIFECYCLE_DAYS = 7
# What a search of the step has beyond those of the step before, in order.
STEPS = {
    "searched": pl.lit(value=True),
    "with_results": pl.col("has_results").fill_null(pl.col("click_count") > 0),
    "clicked": pl.col("click_count") > 0,
    "favorited": pl.col("favorite_count") > 0,
    "ordered_windowed": pl.col("windowed_order_line_count") > 0,
    "ordered_strict": pl.col("strict_order_line_count") > 0,
    "paid": pl.col("strict_paid_line_count") > 0,
}
# Beyond `clicked`.
ASIDE = {
    "clicked_ordered_windowed": pl.col("windowed_order_line_count") > 0,
    "clicked_paid_windowed": pl.col("windowed_paid_line_count") > 0,
    "clicked_ordered_strict": pl.col("strict_order_line_count") > 0,
    "clicked_paid_strict": pl.col("strict_paid_line_count") > 0,
}
COUNTED = (*STEPS, *ASIDE)
# From one instant to another, over the searches of a step.
WAITS = {
    "searched_to_results": ("searched_at", "resulted_at", "with_results"),
    "results_to_clicked": ("resulted_at", "first_clicked_at", "clicked"),
    "clicked_to_favorited": ("first_clicked_at", "first_favorited_at", "favorited"),
    "favorited_to_ordered": ("first_favorited_at", "first_ordered_at", "ordered_windowed"),
    "ordered_to_paid": ("first_ordered_at", "first_paid_at", "paid"),
    "searched_to_clicked": ("searched_at", "first_clicked_at", "clicked"),
    "clicked_to_ordered": ("first_clicked_at", "first_ordered_at", "clicked_ordered_windowed"),
}


def search_funnel(frames: Frames, day: date) -> pl.LazyFrame:
    """The day's funnels."""
    searches = with_steps(with_lifecycle(frames["searches"], frames["customer_lifecycles"], day))
    return (
        searches.group_by(KEY)
        .agg(
            *(pl.col(step).sum().cast(pl.Int64).alias(f"{step}_search_count") for step in COUNTED),
            pl.col("has_results").count().cast(pl.Int64).alias("reported_search_count"),
            *(median_seconds(name, *between) for name, between in WAITS.items()),
        )
        .join(customers(searches), on=KEY, how="left")
        .select(
            *KEY,
            *(pl.col(f"{step}_{unit}_count").fill_null(0) for step in COUNTED for unit in ("search", "customer")),
            "reported_search_count",
            *(f"{name}_median_seconds" for name in WAITS),
        )
        .sort(KEY)
    )


def with_lifecycle(searches: pl.LazyFrame, lifecycles: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """Adds where the customer stood before the day."""
    before = lifecycles.filter(pl.col("event_date") < day)
    newest = before.filter(pl.col("event_date") == pl.col("event_date").max()).select("customer_id", "lifecycle")
    is_known = pl.col("customer_id").is_not_null() & pl.col("is_known")
    return (
        searches.join(newest, on="customer_id", how="left")
        .join(newest.select(is_known=pl.len() > 0), how="cross")
        .with_columns(
            pl.when(is_known)
            .then(pl.col("lifecycle").fill_null("browsing"))
            .otherwise(pl.lit("unknown"))
            .alias("lifecycle")
        )
    )


def with_steps(searches: pl.LazyFrame) -> pl.LazyFrame:
    """Adds a boolean for each step: whether the search came that far."""
    so_far, reached = pl.lit(value=True), {}
    for step, condition in STEPS.items():
        so_far = so_far & condition
        reached[step] = so_far
    return searches.with_columns(**reached).with_columns(
        pl.col("clicked").and_(condition).alias(step) for step, condition in ASIDE.items()
    )


def customers(searches: pl.LazyFrame) -> pl.LazyFrame:
    """For each step, how many customers have a search that came that far."""
    by_customer = searches.filter(pl.col("customer_id").is_not_null()).group_by(*KEY, "customer_id")
    furthest = by_customer.agg(pl.col(COUNTED).any())
    return furthest.group_by(KEY).agg(
        pl.col(step).sum().cast(pl.Int64).alias(f"{step}_customer_count") for step in COUNTED
    )


def median_seconds(name: str, earlier: str, later: str, step: str) -> pl.Expr:
    """The median of what lies between two instants, over the searches of a step."""
    wait = pl.col(later) - pl.col(earlier)
    median = wait.filter(pl.col(step) & (wait >= pl.duration())).dt.total_microseconds().quantile(0.5, "lower")
    return from_millionths(median.cast(pl.Int64)).alias(f"{name}_median_seconds")


JOB = Job(
    table="search_funnel",
    inputs=(Input("searches"), Input("customer_lifecycles", look_back_days=LIFECYCLE_DAYS)),
    compute=search_funnel,
    division=Undivided(
        "its rows are a few channels and lifecycles, and each counts the different customers of its searches"
    ),
)
