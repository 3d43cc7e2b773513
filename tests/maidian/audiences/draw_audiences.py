"""Drawing small shops, definitions and rules, in which every rule meets some row.

They are drawn from a seed and not field by field: fields drawn one by one are mostly the simplest, and the later rules,
which are reached by what all earlier ones let through, would hardly ever be.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from maidian.audiences import definition as d
from maidian.audiences.decide import Moment
from maidian.audiences.export_rules import ExportRules, ExportSettings, FrequencyCap
from tests.maidian.audiences.small_tables import AS_OF, EXPORTED

CUSTOMERS = ["C1", "C2", "C3", "C4", "C5"]
SKUS = ["S1", "S2", "S3", "S4"]
CATEGORIES = ["K1", "K2"]
LIFECYCLES = ["browsing", "active", "dormant"]
REGIONS = ["浙江杭州", "浙江宁波", "江苏苏州"]
TYPES = ["clinic", "pharmacy"]
DAYS = 40  # before as_of, and a few after it
TITLE = d.Title(en="A list", zh="名单")

Rows = list[dict[str, Any]]


class Case(NamedTuple):
    """A shop, a definition, and what holds for every list."""

    tables: dict[str, Rows]
    audience: d.Audience
    rules: ExportRules
    moment: Moment
    held_out: frozenset[str]


def draw_case(seed: int) -> Case:
    random = Random(seed)
    rules = ExportRules(
        settings=ExportSettings(
            same_product_days=random.choice([0, 5, DAYS]),
            frequency_cap=FrequencyCap(lists=random.randrange(4), days=random.randint(1, 4)),
        ),
        suppressed=frozenset(some(random, CUSTOMERS)),
        consents=frozenset(random.sample(CUSTOMERS, 4)) if seldom(random) else None,
    )
    moment = Moment(AS_OF, EXPORTED, random.randint(1, 3))
    held_out = frozenset(random.sample(CUSTOMERS, random.randrange(3)))
    return Case(draw_shop(random), draw_audience(random), rules, moment, held_out)


def seldom(random: Random) -> bool:
    return random.random() < 0.15


def some(random: Random, values: Sequence[Any]) -> list[Any]:
    """None of them mostly, else one or two."""
    return random.sample(values, random.randint(1, 2)) if seldom(random) else []


def rarely_days(random: Random) -> int | None:
    return random.randint(1, DAYS) if seldom(random) else None


def day(random: Random, least: int = -3) -> date:
    return AS_OF - timedelta(random.randint(least, DAYS))


def at(when: date, minute: int) -> datetime:
    return datetime(when.year, when.month, when.day, 4, minute, tzinfo=UTC)


def draw_days(random: Random) -> Rows:
    keys = {
        (day(random), random.choice(CUSTOMERS), random.choice(SKUS)): None for _ in range(random.choice([0, 5, 15, 25]))
    }
    rows = []
    for when, customer, sku in keys:
        added, taken = (at(when, random.randrange(4)) if random.random() < 0.3 else None for _ in range(2))
        rows.append(
            {
                "event_date": when,
                "customer_id": customer,
                "sku_id": sku,
                "view_count": random.randrange(3),
                "favorite_count": int(added is not None),
                "last_favorite_at": added,
                "last_unfavorite_at": taken,
                "order_line_count": int(random.random() < 0.2),
            }
        )
    return rows


def draw_shop(random: Random) -> dict[str, Rows]:
    words = [None, None, None, "A", "B", "A；B", " B , A"]
    expiry = [None, EXPORTED, EXPORTED - timedelta(1), EXPORTED + timedelta(9)]
    return {
        "customer_sku_days": draw_days(random),
        "customer_profiles": [
            {
                "customer_id": customer,
                "name": f"店 {customer}",
                "region": random.choice([None, *REGIONS]),
                "customer_type": random.choice([None, *TYPES]),
                "lifecycle": random.choice(LIFECYCLES),
                "session_count": random.randrange(3),
                "order_count": random.randrange(2),
                "days_since_last_order": random.choice([None, 0, 1, 2, 3]),
            }
            for customer in random.sample(CUSTOMERS, random.randint(2, 5))
        ],
        "customer_interests": [
            {"customer_id": customer, "entity_type": kind, "entity_id": sku, "rank": rank}
            | {"score": random.choice([1.0, 2.5])}
            for customer in CUSTOMERS[: random.randint(0, 5)]
            for kind in ("sku", "brand")
            for rank, sku in enumerate(random.sample(SKUS, 4), 1)
        ],
        "sku_viewers": [
            {"customer_id": customer, "sku_id": sku, "score": random.choice([0.5, 1.0, 3.0])}
            for customer in CUSTOMERS[:4]
            for sku in SKUS[:3]
        ],
        "order_value_groups": [
            {
                "customer_id": customer,
                "group_number": random.randint(1, 2),
                "usual_order_amount": Decimal(80),
                "group_threshold_amount": Decimal(100),
                "gap_amount": random.choice([Decimal(0), Decimal("20.5"), Decimal(21), Decimal(50)]),
                "last_ordered_at": at(day(random, least=0), 0),  # a mart knows nothing of later days
            }
            for customer in CUSTOMERS[: random.randint(0, 5)]
        ],
        "customers": [
            {
                "customer_id": customer,
                "license_expires_date": random.choice(expiry),
                "license_scope": random.choice(words),
                "sales_area": random.choice(words),
            }
            for customer in CUSTOMERS[: random.randint(0, 5)]
        ],
        "skus": [
            {
                "sku_id": sku,
                "category_id": random.choice([None, *CATEGORIES]),
                "brand": random.choice([None, "B1", "B2"]),
                "is_prescription": random.choice([None, False, True]),
                "is_controlled": random.choice([None, False, False, True]),
                "license_scope": random.choice(words),
                "sales_area": random.choice(words),
            }
            for sku in random.choice([[], SKUS[:3], SKUS, SKUS])
        ],
        "export_log": [
            {
                "exported_date": EXPORTED - timedelta(random.randint(-1, 3)),
                "export_id": str(number),
                "export_number": random.randint(1, 3),
                "audience": random.choice(["mine", "other"]),
                "customer_id": random.choice(CUSTOMERS),
                "outcome": random.choice(["listed", "held_out", "removed"]),
            }
            for number in range(random.randrange(9))
        ],
    }


def draw_audience(random: Random) -> d.Audience:
    who = {
        "lifecycles": some(random, LIFECYCLES),
        "customer_types": some(random, TYPES),
        "regions": some(random, ["浙江", "江苏苏州"]),
    }
    shared: dict[str, Any] = {
        "name": "mine",
        "title": TITLE,
        "limit": random.choice([None, 1, 2, 3]),
        "products_per_customer": random.randint(1, 3),
        "exclusions": d.Exclusions(
            customer_ids=some(random, CUSTOMERS),
            lifecycles=some(random, LIFECYCLES),
            customer_types=some(random, TYPES),
            regions=some(random, ["浙江宁", "江苏"]),
            ordered_within_days=rarely_days(random),
            sku_ids=some(random, SKUS),
            category_ids=some(random, CATEGORIES),
            prescription_products=seldom(random),
            same_product_within_days=rarely_days(random),
        ),
    }
    source = random.choice(["customer_sku_days", "customer_sku_days", "customer_profiles", "order_value_groups"])
    if source == "customer_sku_days":
        acts: list[Any] = random.choice([["viewed"], ["favorited"], ["viewed", "favorited"]])
        not_ordered: Any = random.choice(["product", "category", "nothing"])
        sku_conditions = d.SkuDayConditions(
            **who,
            acts=acts,
            within_days=random.randint(1, DAYS),
            not_ordered=not_ordered,
            not_ordered_days=random.randint(1, DAYS),
            sku_ids=some(random, SKUS),
            category_ids=some(random, CATEGORIES),
            brands=some(random, ["B1", "B2"]),
        )
        return d.SkuDayAudience(source=source, conditions=sku_conditions, **shared)
    if source == "customer_profiles":
        profile_conditions = d.ProfileConditions(
            **who,
            never_ordered=seldom(random),
            least_visits=random.randrange(2),
            last_order_at_least_days=random.choice([None, None, 1, 2]),
            last_order_at_most_days=random.choice([None, None, 2, 3]),
            interests=random.randrange(5),
        )
        return d.ProfileAudience(source=source, conditions=profile_conditions, **shared)
    group_conditions = d.ValueGroupConditions(
        **who,
        gap_at_most=random.choice([0, 20, 21, 60]),
        group_numbers=some(random, [1, 2]),
        ordered_within_days=random.choice([None, random.randint(1, DAYS)]),
    )
    return d.ValueGroupAudience(source=source, conditions=group_conditions, **shared)
