"""Who looked at a product: the window's days, summed."""

from datetime import timedelta
from decimal import Decimal, localcontext

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jobs import customer_sku_days, sku_viewers
from jobs.definitions.interest import decay
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, customer_sku_day, session_events
from tests.jobs.rows import computed, made_by, table_of
from tests.oracles.sku_viewers import expected

JOB = sku_viewers.declare(DEFAULTS)

# Both ends of the window, a day past each, and whole half-lives.
DAYS = (1, 0, -1, -15, -28, -29, -30, -60, -179, -180)

days = st.lists(
    customer_sku_day(DAYS), max_size=12, unique_by=lambda row: (row["event_date"], row["customer_id"], row["sku_id"])
)


@given(days)
def test_equals_the_oracle(rows: list[Row]) -> None:
    tables = {"customer_sku_days": table_of("customer_sku_days", rows)}
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


def test_decay_is_the_nearest_millionth_at_every_age() -> None:
    ages = pl.LazyFrame({"age_days": range(180)})
    with localcontext(prec=50):
        expected = [int((Decimal(2) ** (Decimal(-age) / 30) * 1_000_000).to_integral_value()) for age in range(180)]
    assert ages.select(decay(pl.col("age_days"), half_life_days=30)).collect().to_series().to_list() == expected


@COSTLY
@given(days.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = ({"customer_sku_days": table_of("customer_sku_days", rows)} for rows in both)
    assert computed(JOB, one, DAY) == computed(JOB, other, DAY)


@COSTLY
@given(session_events((-1, 0)))
def test_counts_equal_the_events_behind_them(rows: list[Row]) -> None:
    browsed = {"session_events": table_of("session_events", rows)}
    tables = {"customer_sku_days": made_by(customer_sku_days.JOB, browsed, (DAY - timedelta(1), DAY))}
    seen = computed(JOB, tables, DAY)
    known = [event for event in rows if event["customer_id"]]
    assert sum(row["view_count"] for row in seen) == sum(event["event_type"] == "view" for event in known)
    assert sum(row["click_count"] for row in seen) == sum(event["event_type"] == "click" for event in known)
    viewed = {(e["sku_id"], e["customer_id"]): e for e in known if e["event_type"] == "view"}
    assert {(row["sku_id"], row["customer_id"]) for row in seen if row["view_count"]} == set(viewed)
