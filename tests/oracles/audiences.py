"""Who is in a list and why not, row by row in plain Python, from docs/audiences.md and not from the queries."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]


def in_last_days(day: date, until: date, days: int) -> bool:
    return until - timedelta(days) < day <= until


def find(rows: Sequence[Row], **values: Any) -> Row:
    return next((row for row in rows if all(row.get(key) == value for key, value in values.items())), {})


def names(text: str | None) -> set[str]:
    return {part.strip() for part in re.split("[;；,，、|]", text or "")} - {""}


def match(tables: Tables, audience: Any, as_of: date) -> list[Row]:
    """The rows that meet the conditions."""
    wanted = audience.conditions
    found = MATCHERS[audience.source](tables, wanted, as_of)
    return [
        row for row in found if _is_wanted(find(tables["customer_profiles"], customer_id=row["customer_id"]), wanted)
    ]


def _is_wanted(profile: Row, wanted: Any) -> bool:
    region = profile.get("region")
    return (
        (not wanted.lifecycles or profile.get("lifecycle") in wanted.lifecycles)
        and (not wanted.customer_types or profile.get("customer_type") in wanted.customer_types)
        and (not wanted.regions or any((region or "").startswith(each) for each in wanted.regions))
    )


def _sales(tables: Tables, customer: str, until: date, days: int | None = None) -> list[Row]:
    return [
        row
        for row in tables["customer_sku_days"]
        if row["customer_id"] == customer
        and row["order_line_count"] > 0
        and row["event_date"] <= until
        and (days is None or in_last_days(row["event_date"], until, days))
    ]


def _match_sku_days(tables: Tables, wanted: Any, as_of: date) -> list[Row]:
    category = {sku["sku_id"]: sku["category_id"] for sku in tables["skus"]}
    brand = {sku["sku_id"]: sku["brand"] for sku in tables["skus"]}
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in tables["customer_sku_days"]:
        if in_last_days(row["event_date"], as_of, wanted.within_days):
            pairs.setdefault((row["customer_id"], row["sku_id"]), []).append(row)
    found = []
    for (customer, sku), rows in pairs.items():
        if wanted.sku_ids and sku not in wanted.sku_ids:
            continue
        if wanted.category_ids and category.get(sku) not in wanted.category_ids:
            continue
        if wanted.brands and brand.get(sku) not in wanted.brands:
            continue
        views = sum(row["view_count"] for row in rows)
        added = [row["last_favorite_at"] for row in rows if row["last_favorite_at"]]
        taken = [row["last_unfavorite_at"] for row in rows if row["last_unfavorite_at"]]
        is_favorited = bool(added) and (not taken or max(added) > max(taken))
        if not (("viewed" in wanted.acts and views) or ("favorited" in wanted.acts and is_favorited)):
            continue
        bought = {sale["sku_id"] for sale in _sales(tables, customer, as_of, wanted.not_ordered_days)}
        shelves = {category.get(each) for each in bought} - {None}
        if wanted.not_ordered != "nothing" and sku in bought:
            continue
        if wanted.not_ordered == "category" and category.get(sku) in shelves:
            continue
        score = find(tables["sku_viewers"], customer_id=customer, sku_id=sku).get("score")
        days = [row["event_date"] for row in rows if row["view_count"] or row["favorite_count"]]
        found.append(
            {
                "customer_id": customer,
                "sku_id": sku,
                "view_count": views,
                "is_favorited": is_favorited,
                "score": score,
                "last_looked_date": max(days) if days else None,
            }
        )
    return found


def _match_profiles(tables: Tables, wanted: Any, as_of: date) -> list[Row]:
    found: list[Row] = []
    for profile in tables["customer_profiles"]:
        days = profile["days_since_last_order"]
        least, most = wanted.last_order_at_least_days, wanted.last_order_at_most_days
        if profile["session_count"] < wanted.least_visits:
            continue
        if least is not None and (days is None or days < least):
            continue
        if most is not None and (days is None or days > most):
            continue
        if wanted.never_ordered and (profile["order_count"] or _sales(tables, profile["customer_id"], as_of)):
            continue
        interests = [
            row
            for row in tables["customer_interests"]
            if row["customer_id"] == profile["customer_id"]
            and row["entity_type"] == "sku"
            and row["rank"] <= wanted.interests
        ]
        found += [
            {**profile, "sku_id": each["entity_id"], "score": each["score"], "interest_rank": each["rank"]}
            for each in interests or [{"entity_id": None, "score": None, "rank": None}]
        ]
    return found


def _match_groups(tables: Tables, wanted: Any, as_of: date) -> list[Row]:
    return [
        {**row, "sku_id": None, "value_group": row["group_number"], "last_ordered_date": row["last_ordered_at"].date()}
        for row in tables["order_value_groups"]
        if 0 < row["gap_amount"] <= wanted.gap_at_most
        and (not wanted.group_numbers or row["group_number"] in wanted.group_numbers)
        and (
            wanted.ordered_within_days is None
            or in_last_days(row["last_ordered_at"].date(), as_of, wanted.ordered_within_days)
        )
    ]


MATCHERS = {
    "customer_sku_days": _match_sku_days,
    "customer_profiles": _match_profiles,
    "order_value_groups": _match_groups,
}


def rule_of(row: Row, tables: Tables, audience: Any, rules: Any, moment: Any) -> str | None:
    """The first rule that removes the row, those of the list's size and the holdout aside."""
    customer, sku = row["customer_id"], row["sku_id"]
    unwanted, settings = audience.exclusions, rules.settings
    profile = find(tables["customer_profiles"], customer_id=customer)
    company = find(tables["customers"], customer_id=customer)
    product = find(tables["skus"], sku_id=sku) if sku else {}
    if customer in rules.suppressed:
        return "suppressed"
    if rules.consents is not None and customer not in rules.consents:
        return "no_consent"
    if customer in unwanted.customer_ids:
        return "excluded_customer"
    if profile.get("customer_type") in unwanted.customer_types:
        return "excluded_customer_type"
    if any((profile.get("region") or "").startswith(each) for each in unwanted.regions):
        return "excluded_region"
    if profile.get("lifecycle") in unwanted.lifecycles:
        return "excluded_lifecycle"
    if unwanted.ordered_within_days and _sales(tables, customer, moment.as_of, unwanted.ordered_within_days):
        return "ordered_recently"
    if sku is not None:
        removed = _product_rule(sku, product, company, tables, unwanted, moment)
        if removed:
            return removed
        days = max(settings.same_product_days, unwanted.same_product_within_days or 0)
        if any(sale["sku_id"] == sku for sale in _sales(tables, customer, moment.as_of, days)):
            return "bought_recently"
    cap = settings.frequency_cap
    lists = {
        (entry["audience"], entry["exported_date"])
        for entry in tables["export_log"]
        if entry["customer_id"] == customer
        and entry["outcome"] != "removed"
        and in_last_days(entry["exported_date"], moment.exported_date, cap.days)
        and (
            entry["exported_date"] < moment.exported_date
            or (entry["export_number"] < moment.export_number and entry["audience"] != audience.name)
        )
    }
    return "frequency_cap" if cap.lists and len(lists) >= cap.lists else None


def _product_rule(sku: str, product: Row, company: Row, tables: Tables, unwanted: Any, moment: Any) -> str | None:
    if sku in unwanted.sku_ids or product.get("category_id") in unwanted.category_ids:
        return "excluded_product"
    if unwanted.prescription_products and product.get("is_prescription"):
        return "excluded_product"
    if tables["skus"] and not product:
        return "unknown_product"
    expires = company.get("license_expires_date")
    if (product.get("is_prescription") or product.get("is_controlled")) and expires and expires < moment.exported_date:
        return "license_expired"
    if product.get("is_controlled") and expires is None:
        return "license_unknown"
    if not names(product.get("license_scope")) <= names(company.get("license_scope")):
        return "license_scope"
    areas = names(product.get("sales_area"))
    return "sales_area" if areas and not areas & names(company.get("sales_area")) else None


def decide(
    tables: Tables, audience: Any, order: Sequence[tuple[str, bool]], rules: Any, moment: Any, held_out: Collection[str]
) -> tuple[list[tuple[str, str | None]], dict[tuple[str, str | None], str]]:
    """The list in its order, and the rule of every row that matched and is not in it."""
    left, removed = [], {}
    for row in match(tables, audience, moment.as_of):
        rule = rule_of(row, tables, audience, rules, moment)
        if rule is None:
            left.append(row)
        else:
            removed[row["customer_id"], row["sku_id"]] = rule
    left.sort(key=lambda row: (row["customer_id"], row["sku_id"] is None, row["sku_id"] or ""))
    for name, greatest in reversed(order):
        known = [row for row in left if row[name] is not None]
        known.sort(key=lambda row: row[name], reverse=greatest)
        left = known + [row for row in left if row[name] is None]
    customers = list(dict.fromkeys(row["customer_id"] for row in left))
    reached = customers[: audience.limit] if audience.limit else customers
    products: dict[str, int] = {}
    listed = []
    for row in left:
        customer, key = row["customer_id"], (row["customer_id"], row["sku_id"])
        products[customer] = products.get(customer, 0) + 1
        if products[customer] > audience.products_per_customer:
            removed[key] = "product_limit"
        elif customer not in reached:
            removed[key] = "size_limit"
        elif customer in held_out:
            removed[key] = "held_out"
        else:
            listed.append(key)
    return listed, removed
