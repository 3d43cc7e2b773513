"""Oracle of `customer_interests`: dictionaries of sums; scores are whole millionths by definition, from decimals."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from typing import Any

import pyarrow as pa

LIMIT = 100


@cache
def millionths(age_days: int) -> int:
    """What is left of a million after that many days at a half-life of 30."""
    with localcontext(prec=50):
        left = Decimal(1_000_000) * Decimal(2) ** (Decimal(-age_days) / 30)
        return int(left.to_integral_value(ROUND_HALF_EVEN))


def expected(tables: Mapping[str, pa.Table], day: date, limit: int = LIMIT) -> list[dict[str, Any]]:
    """The rows as of the day."""
    master = {row["sku_id"]: row for row in tables["skus"].to_pylist()}
    shelves: dict[str, list[str]] = defaultdict(list)
    for row in master.values():
        if row["category_id"] is not None and row["category_name"] is not None:
            shelves[row["category_id"]].append(row["category_name"])
    first_sale: dict[str, Any] = {}
    for order in tables["orders"].to_pylist():
        if order["is_sale"] and 0 <= (day - order["event_date"]).days < 180:
            before = first_sale.get(order["customer_id"], order["ordered_at"])
            first_sale[order["customer_id"]] = min(before, order["ordered_at"])
    acted_on = {
        (act["customer_id"], act["sku_id"])
        for act in tables["customer_sku_days"].to_pylist()
        if 0 <= (day - act["event_date"]).days < 120
        and any(act[f"{kind}_count"] for kind in ("view", "click", "favorite", "order_line"))
    }
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for act in tables["customer_sku_days"].to_pylist():
        age = (day - act["event_date"]).days
        done = [act[f"{kind}_count"] for kind in ("view", "click", "favorite", "order_line")]
        if not 0 <= age < 120:
            continue
        known = master.get(act["sku_id"], {})
        category, brand = known.get("category_id"), known.get("brand")
        if (act["customer_id"], act["sku_id"]) not in acted_on:
            continue  # nothing but taken off a list
        for kind, entity, name in (
            ("sku", act["sku_id"], known.get("name")),
            ("category", category, min(shelves[category], default=None)),
            ("brand", brand, brand),
        ):
            if entity is None:
                continue
            sums = found[act["customer_id"], kind].setdefault(
                entity, {"name": name, "points": 0, "done": [0] * 4, "instants": [], "stitched": False}
            )
            sums["points"] += sum(w * n for w, n in zip((1, 1, 3, 5), done, strict=True)) * millionths(age)
            sums["done"] = [a + b for a, b in zip(sums["done"], done, strict=True)]
            sums["stitched"] |= act["is_stitched"]
            sums["instants"] += [act["first_at"], act["last_at"]]
    rows = []
    for (customer, kind), sums_of in found.items():
        strongest = sorted(sums_of, key=lambda entity: (-sums_of[entity]["points"], entity))
        for rank, entity in enumerate(strongest[:limit], 1):
            sums = sums_of[entity]
            rows.append(
                {
                    "customer_id": customer,
                    "entity_type": kind,
                    "entity_id": entity,
                    "entity_name": sums["name"],
                    "is_stitched": sums["stitched"],
                    "rank": rank,
                    "score": float(Decimal(sums["points"]) / 1_000_000),
                    "view_count": sums["done"][0],
                    "click_count": sums["done"][1],
                    "favorite_count": sums["done"][2],
                    "order_line_count": sums["done"][3],
                    "first_at": min(sums["instants"]),
                    "last_at": max(sums["instants"]),
                    "has_ordered": sums["done"][3] > 0,
                    "is_before_first_order": customer not in first_sale or max(sums["instants"]) < first_sale[customer],
                }
            )
    return sorted(rows, key=lambda row: (row["customer_id"], row["entity_type"], row["entity_id"]))
