"""What a customer is interested in: the window's days, summed by product, category and brand, and ranked."""

from dataclasses import replace
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from jobs import customer_interests, sku_viewers
from schemas.settings import DEFAULTS
from tests.jobs.draw import COSTLY, DAY, Row, customer_sku_day, instants, some
from tests.jobs.rows import computed, table_of
from tests.oracles.customer_interests import expected

JOB = customer_interests.declare(DEFAULTS)

# Both ends of the window, a day past each, and whole half-lives.
DAYS = (1, 0, -1, -30, -60, -118, -119, -120)

sku_days = st.lists(
    st.builds(
        lambda row, at, more: {**row, "first_at": at, "last_at": at + timedelta(microseconds=more)},
        customer_sku_day(DAYS),
        instants((-1, 0)),
        st.sampled_from([0, 1]),
    ),
    max_size=10,
    unique_by=lambda row: (row["event_date"], row["customer_id"], row["sku_id"]),
)
orders = st.lists(
    st.fixed_dictionaries(
        {
            "event_date": st.sampled_from((1, 0, -89, -90, -179, -180)).map(lambda number: DAY + timedelta(number)),
            "customer_id": some("C1", "C2"),
            "is_sale": st.booleans(),
            "ordered_at": instants((-1, 0)),
        }
    ),
    max_size=4,
)
masters = st.lists(
    st.fixed_dictionaries(
        {
            "sku_id": st.sampled_from("pqr"),
            "name": some("n"),
            "category_id": some("p", "k"),
            "category_name": some("x", "y"),
            "brand": some("b"),
        }
    ),
    max_size=3,
    unique_by=lambda row: row["sku_id"],
)


@given(sku_days, orders, masters)
def test_equals_the_oracle(days: list[Row], ordered: list[Row], skus: list[Row]) -> None:
    tables = {
        "customer_sku_days": table_of("customer_sku_days", days),
        "orders": table_of("orders", ordered),
        "skus": table_of("skus", skus),
    }
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@COSTLY
@given(sku_days, masters)
def test_counts_equal_the_days_behind_them_and_only_so_many_are_kept(days: list[Row], skus: list[Row]) -> None:
    tables = {"customer_sku_days": table_of("customer_sku_days", days), "skus": table_of("skus", skus)}
    found = computed(JOB, tables, DAY)
    seen = [row for row in days if 0 <= (DAY - row["event_date"]).days < 120]
    known = {kind: {row["sku_id"] for row in skus if row[kind]} for kind in ("category_id", "brand")}
    members = {"category": known["category_id"], "brand": known["brand"], "sku": {row["sku_id"] for row in seen}}
    for kind, skus_of in members.items():
        for count in ("view_count", "click_count", "favorite_count", "order_line_count"):
            behind = sum(row[count] for row in seen if row["sku_id"] in skus_of)
            assert sum(row[count] for row in found if row["entity_type"] == kind) == behind
    one = customer_interests.declare(msgspec.structs.replace(DEFAULTS, interest_rank_limit=1))
    assert computed(one, tables, DAY) == [row for row in found if row["rank"] == 1]


@COSTLY
@given(sku_days)
def test_scores_of_products_are_those_of_their_viewers(days: list[Row]) -> None:
    tables = {"customer_sku_days": table_of("customer_sku_days", days)}
    scores = {(row["entity_id"], row["customer_id"]): row["score"] for row in computed(JOB, tables, DAY)}
    same_window = msgspec.structs.replace(DEFAULTS, viewer_window_days=DEFAULTS.interest_window_days)
    viewers = computed(sku_viewers.declare(same_window), tables, DAY)
    for viewer in viewers:
        assert scores[viewer["sku_id"], viewer["customer_id"]] == viewer["score"]


def test_settings_change_the_definition() -> None:
    chosen = msgspec.structs.replace(DEFAULTS, interest_window_days=7, interest_half_life_days=1, order_weight=0)
    job = customer_interests.declare(chosen)
    assert {read.table: read.look_back_days for read in job.inputs} == {
        "customer_sku_days": 6,
        "orders": 179,
        "skus": 0,
    }
    act = {
        "customer_id": "C1",
        "sku_id": "p",
        "click_count": 0,
        "favorite_count": 0,
        "order_line_count": 9,
        "is_stitched": False,
    }
    at = {"event_date": DAY - timedelta(1), "first_at": "2026-11-19T01:00:00Z", "last_at": "2026-11-19T01:00:00Z"}
    tables = {"customer_sku_days": table_of("customer_sku_days", [{**act, **at, "view_count": 1}])}
    assert [row["score"] for row in computed(replace(job), tables, DAY)] == [0.5]
