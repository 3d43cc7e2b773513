"""Each rule once, by hand: one company a rule, and one that no rule meets."""

from datetime import timedelta
from typing import Any

import pytest

from maidian.audiences.decide import Moment, decide, match
from maidian.audiences.definition import Exclusions, SkuDayAudience, SkuDayConditions, Title
from maidian.audiences.export_rules import ExportRules, ExportSettings, FrequencyCap
from maidian.audiences.list_rows import listed_rows, removed_rows
from maidian.audiences.removal_rules import RULES
from tests.maidian.audiences.small_tables import AS_OF, EXPORTED, connect

GOOD = EXPORTED  # the licence's last day is good

# Company and product -> what of them; each company looked at its one product yesterday.
LOOKED = {
    "listed": ("plain", {}),
    "listed_prescription": ("prescription", {"license_expires_date": GOOD}),
    "listed_controlled": ("controlled", {"license_expires_date": GOOD, "license_scope": "化学药；特殊管理药品"}),
    "suppressed": ("plain", {}),
    "no_consent": ("plain", {}),
    "excluded_customer": ("plain", {}),
    "excluded_customer_type": ("plain", {}),
    "excluded_region": ("plain", {}),
    "excluded_lifecycle": ("plain", {}),
    "ordered_recently": ("plain", {}),
    "excluded_product": ("unwanted", {}),
    "unknown_product": ("delisted", {}),
    "license_expired": ("prescription", {"license_expires_date": GOOD - timedelta(1)}),
    "license_unknown": ("controlled", {"license_scope": "特殊管理药品"}),
    "license_scope": ("controlled", {"license_expires_date": GOOD, "license_scope": "化学药"}),
    "sales_area": ("local", {"sales_area": "江苏"}),
    "bought_recently": ("plain", {}),
    "frequency_cap": ("plain", {}),
    "size_limit": ("plain", {}),
    "held_out": ("plain", {}),
}
PROFILES = {
    "excluded_customer_type": {"customer_type": "trader"},
    "excluded_region": {"region": "海南三亚"},
    "excluded_lifecycle": {"lifecycle": "lost"},
}


def day(customer: str, sku: str, ago: int, **values: Any) -> dict[str, Any]:
    return {"customer_id": customer, "sku_id": sku, "event_date": AS_OF - timedelta(ago), **values}


@pytest.fixture
def tables() -> dict[str, Any]:
    looked = [day(customer, sku, 1, view_count=2) for customer, (sku, _) in LOOKED.items()]
    return {
        "customer_sku_days": [
            *looked,
            *(day("listed", f"second{number}", 1, view_count=1) for number in range(3)),
            day("ordered_recently", "other", 1, order_line_count=1),
            day("bought_recently", "plain", 9, order_line_count=1),
            day("listed", "plain", 10, order_line_count=1),  # longer ago than the ten days of the rule
        ],
        "sku_viewers": [
            {"customer_id": customer, "sku_id": sku, "score": 1.0 if customer == "size_limit" else 2.0}
            for customer, (sku, _) in LOOKED.items()
        ],
        "customer_profiles": [
            {"customer_id": customer, "lifecycle": "active", **PROFILES.get(customer, {})} for customer in LOOKED
        ],
        "customers": [{"customer_id": customer, **about} for customer, (_, about) in LOOKED.items()],
        "skus": [
            {"sku_id": "plain", "is_prescription": False, "is_controlled": False},
            {"sku_id": "prescription", "is_prescription": True},
            {"sku_id": "controlled", "is_controlled": True, "license_scope": "特殊管理药品"},
            {"sku_id": "local", "sales_area": "浙江、上海"},
            {"sku_id": "unwanted"},
            *({"sku_id": f"second{number}"} for number in range(3)),
        ],
        "export_log": [
            {
                "customer_id": "frequency_cap",
                "audience": name,
                "exported_date": EXPORTED - timedelta(days),
                "outcome": out,
            }
            for name, days, out in [("a", 1, "listed"), ("b", 6, "held_out")]
        ]
        + [
            {"customer_id": "listed", "audience": name, "exported_date": EXPORTED - timedelta(days), "outcome": out}
            for name, days, out in [("a", 7, "listed"), ("b", 6, "removed"), ("c", 1, "listed")]
        ],
    }


AUDIENCE = SkuDayAudience(
    name="mine",
    title=Title(en="A list", zh="名单"),
    source="customer_sku_days",
    conditions=SkuDayConditions(not_ordered="nothing"),
    exclusions=Exclusions(
        customer_ids=["excluded_customer"],
        customer_types=["trader"],
        regions=["海南"],
        lifecycles=["lost"],
        ordered_within_days=5,
        sku_ids=["unwanted"],
    ),
    limit=4,
    products_per_customer=3,
)
RULES_IN_FORCE = ExportRules(
    settings=ExportSettings(same_product_days=10, frequency_cap=FrequencyCap(lists=2, days=7)),
    suppressed=frozenset({"suppressed"}),
    consents=frozenset(LOOKED) - {"no_consent"},
)


def test_each_rule_removes_whom_it_is_named_after(tables: dict[str, Any]) -> None:
    with connect(tables) as connection:
        match(connection, AUDIENCE, AS_OF)
        decide(connection, AUDIENCE, RULES_IN_FORCE, Moment(AS_OF, EXPORTED, 1), {"held_out"})
        rows = connection.execute("SELECT customer_id, sku_id, removed_by FROM decided ORDER BY ALL").fetchall()
        english = {row[0]: row[-1] for row in removed_rows(connection, AUDIENCE, "en", str)}
        chinese = {row[0]: row[-1] for row in removed_rows(connection, AUDIENCE, "zh", str)}
        (why, *_) = [row[-1] for row in listed_rows(connection, AUDIENCE, "en", str) if row[0] == "listed"]
    by_customer = {customer: rule for customer, sku, rule in rows if sku == LOOKED[customer][0]}
    expected = {customer: None if customer.startswith("listed") else customer for customer in LOOKED}
    assert by_customer == expected
    assert [(sku, rule) for customer, sku, rule in rows if customer == "listed"] == [
        ("plain", None),
        ("second0", None),
        ("second1", None),
        ("second2", "product_limit"),
    ]
    assert {rule for _, _, rule in rows} - {None} == set(RULES)
    assert english["license_expired"] == (
        "The company's licence was good until 2026-11-20, and the product is on prescription or controlled"
    )
    assert english["bought_recently"] == "The company bought this product on 2026-11-11"
    assert chinese["sales_area"] == "商品限在 浙江、上海 销售，客户不在该区域"
    assert why == "Viewed it 2 times in the last 30 days, last on 2026-11-19"
