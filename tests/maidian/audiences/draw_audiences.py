"""Drawing small shops, definitions and rules, in which every rule meets some row."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from maidian.audiences import definition as d
from maidian.audiences.decide import Moment
from maidian.audiences.export_rules import ExportRules, ExportSettings, FrequencyCap
from tests.maidian.audiences.small_tables import AS_OF, EXPORTED

CUSTOMERS = ["C1", "C2", "C3", "C4"]
SKUS = ["S1", "S2", "S3", "S4"]
CATEGORIES = ["K1", "K2"]
LIFECYCLES = ["browsing", "active", "dormant"]
REGIONS = ["浙江杭州", "浙江宁波", "江苏苏州"]
TYPES = ["clinic", "pharmacy"]
DAYS = 40  # before as_of, and a few after it
TITLE = d.Title(en="A list", zh="名单")

Rows = list[dict[str, Any]]
ago = st.integers(-3, DAYS).map(lambda days: AS_OF - timedelta(days))
past = st.integers(0, DAYS).map(lambda days: AS_OF - timedelta(days))


def some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    """None of them mostly, else one or two: later rules are reached by what earlier ones let through."""
    few = st.lists(st.sampled_from(values), unique=True, min_size=1, max_size=2)
    return st.one_of(*[st.just([])] * 4, few)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def rarely(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.none()] * 4, values)


def at(day: Any, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, 4, minute, tzinfo=UTC)


@st.composite
def sku_days(draw: st.DrawFn) -> Rows:
    keys = draw(st.lists(st.tuples(ago, st.sampled_from(CUSTOMERS), st.sampled_from(SKUS)), unique=True, max_size=14))
    rows = []
    for day, customer, sku in keys:
        minute = st.none() | st.integers(0, 3).map(lambda m, day=day: at(day, m))
        added = draw(minute)
        rows.append(
            {
                "event_date": day,
                "customer_id": customer,
                "sku_id": sku,
                "view_count": draw(st.integers(0, 2)),
                "favorite_count": int(added is not None),
                "last_favorite_at": added,
                "last_unfavorite_at": draw(minute),
                "order_line_count": draw(st.sampled_from([0, 0, 1])),
            }
        )
    return rows


@st.composite
def shops(draw: st.DrawFn) -> dict[str, Rows]:
    words = st.sampled_from([None, "A", "B", "A；B", " B , A"])
    known_skus = draw(st.sampled_from([[], SKUS[:3], SKUS]))
    expiry = st.none() | st.sampled_from([EXPORTED, EXPORTED - timedelta(1), EXPORTED + timedelta(9)])
    return {
        "customer_sku_days": draw(sku_days()),
        "customer_profiles": [
            {
                "customer_id": customer,
                "name": f"店 {customer}",
                "region": draw(maybe(st.sampled_from(REGIONS))),
                "customer_type": draw(maybe(st.sampled_from(TYPES))),
                "lifecycle": draw(st.sampled_from(LIFECYCLES)),
                "session_count": draw(st.integers(0, 2)),
                "order_count": draw(st.integers(0, 1)),
                "days_since_last_order": draw(maybe(st.integers(0, 3))),
            }
            for customer in draw(st.permutations(CUSTOMERS))[:3]
        ],
        "customer_interests": [
            {
                "customer_id": c,
                "entity_type": kind,
                "entity_id": sku,
                "rank": rank,
                "score": draw(st.sampled_from([1.0, 2.5])),
            }
            for c in CUSTOMERS[: draw(st.integers(0, 4))]
            for kind in ("sku", "brand")
            for rank, sku in enumerate(draw(st.permutations(SKUS)), 1)
        ],
        "sku_viewers": [
            {"customer_id": customer, "sku_id": sku, "score": draw(st.sampled_from([0.5, 1.0, 3.0]))}
            for customer in CUSTOMERS[:3]
            for sku in SKUS[:3]
        ],
        "order_value_groups": [
            {
                "customer_id": customer,
                "group_number": draw(st.integers(1, 2)),
                "usual_order_amount": Decimal(80),
                "group_threshold_amount": Decimal(100),
                "gap_amount": draw(st.sampled_from([Decimal(0), Decimal("20.5"), Decimal(21), Decimal(50)])),
                "last_ordered_at": at(draw(past), 0),  # a mart knows nothing of later days
            }
            for customer in CUSTOMERS[: draw(st.integers(0, 4))]
        ],
        "customers": [
            {
                "customer_id": customer,
                "license_expires_date": draw(expiry),
                "license_scope": draw(words),
                "sales_area": draw(words),
            }
            for customer in CUSTOMERS[: draw(st.integers(0, 4))]
        ],
        "skus": [
            {
                "sku_id": sku,
                "category_id": draw(maybe(st.sampled_from(CATEGORIES))),
                "brand": draw(maybe(st.sampled_from(["B1", "B2"]))),
                "is_prescription": draw(st.sampled_from([None, False, True])),
                "is_controlled": draw(st.sampled_from([None, False, False, True])),
                "license_scope": draw(words),
                "sales_area": draw(words),
            }
            for sku in known_skus
        ],
        "export_log": [
            {
                "exported_date": EXPORTED - timedelta(draw(st.integers(-1, 3))),
                "export_id": str(number),
                "export_number": draw(st.integers(1, 3)),
                "audience": draw(st.sampled_from(["mine", "other"])),
                "customer_id": draw(st.sampled_from(CUSTOMERS)),
                "outcome": draw(st.sampled_from(["listed", "held_out", "removed"])),
            }
            for number in range(draw(st.integers(0, 6)))
        ],
    }


@st.composite
def audiences(draw: st.DrawFn) -> d.Audience:
    who = {
        "lifecycles": draw(some(LIFECYCLES)),
        "customer_types": draw(some(TYPES)),
        "regions": draw(some(["浙江", "江苏苏州"])),
    }
    shared: dict[str, Any] = {
        "name": "mine",
        "title": TITLE,
        "limit": draw(maybe(st.integers(1, 3))),
        "products_per_customer": draw(st.integers(1, 3)),
        "exclusions": d.Exclusions(
            customer_ids=draw(some(CUSTOMERS)),
            lifecycles=draw(some(LIFECYCLES)),
            customer_types=draw(some(TYPES)),
            regions=draw(some(["浙江宁", "江苏"])),
            ordered_within_days=draw(rarely(st.integers(1, DAYS))),
            sku_ids=draw(some(SKUS)),
            category_ids=draw(some(CATEGORIES)),
            prescription_products=draw(st.sampled_from([False, False, True])),
            same_product_within_days=draw(rarely(st.integers(1, DAYS))),
        ),
    }
    source = draw(st.sampled_from(["customer_sku_days", "customer_profiles", "order_value_groups"]))
    if source == "customer_sku_days":
        sku_conditions = d.SkuDayConditions(
            **who,
            acts=draw(st.sampled_from([["viewed"], ["favorited"], ["viewed", "favorited"]])),
            within_days=draw(st.integers(1, DAYS)),
            not_ordered=draw(st.sampled_from(["product", "category", "nothing"])),
            not_ordered_days=draw(st.integers(1, DAYS)),
            sku_ids=draw(some(SKUS)),
            category_ids=draw(some(CATEGORIES)),
            brands=draw(some(["B1", "B2"])),
        )
        return d.SkuDayAudience(source=source, conditions=sku_conditions, **shared)
    if source == "customer_profiles":
        profile_conditions = d.ProfileConditions(
            **who,
            never_ordered=draw(st.booleans()),
            least_visits=draw(st.integers(0, 1)),
            last_order_at_least_days=draw(maybe(st.integers(0, 2))),
            last_order_at_most_days=draw(maybe(st.integers(1, 3))),
            interests=draw(st.integers(0, 4)),
        )
        return d.ProfileAudience(source=source, conditions=profile_conditions, **shared)
    group_conditions = d.ValueGroupConditions(
        **who,
        gap_at_most=draw(st.sampled_from([0, 20, 21, 60])),
        group_numbers=draw(some([1, 2])),
        ordered_within_days=draw(maybe(st.integers(1, DAYS))),
    )
    return d.ValueGroupAudience(source=source, conditions=group_conditions, **shared)


@st.composite
def export_rules(draw: st.DrawFn) -> ExportRules:
    cap = FrequencyCap(lists=draw(st.integers(0, 2)), days=draw(st.integers(1, 4)))
    return ExportRules(
        settings=ExportSettings(same_product_days=draw(st.integers(0, DAYS)), frequency_cap=cap),
        suppressed=frozenset(draw(some(CUSTOMERS))),
        consents=draw(rarely(st.frozensets(st.sampled_from(CUSTOMERS), min_size=2))),
    )


moments = st.integers(1, 3).map(lambda number: Moment(AS_OF, EXPORTED, number))
held_outs = st.frozensets(st.sampled_from(CUSTOMERS), max_size=2)
