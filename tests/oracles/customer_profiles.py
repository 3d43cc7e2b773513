"""Oracle of `customer_profiles`: customer by customer, from the definition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from tests.oracles.customer_lifecycles import gaps, middle, rhythm, stage
from tests.oracles.order_value_groups import paid_orders, percentile, quotient

ZONE = ZoneInfo("Asia/Shanghai")
Row = Mapping[str, Any]


def most(values: Sequence[int]) -> int | None:
    """The value that stands there most often; of several the least."""
    counts = Counter(values)
    return min((value for value in counts if counts[value] == max(counts.values())), default=None)


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows as of the day."""

    def window(name: str) -> list[Row]:
        return [row for row in tables[name].to_pylist() if 0 <= (day - row["event_date"]).days < 180]

    lines, sessions, searches = window("order_lines"), window("sessions"), window("search_requests")
    interests = [row for row in tables["customer_interests"].to_pylist() if row["as_of"] == day]
    master = {row["customer_id"]: row for row in tables["customers"].to_pylist()}
    paid, back = paid_orders(lines)
    orders: dict[Any, list[Row]] = {}
    for line in lines:
        if line["is_sale"]:
            orders.setdefault((line["event_date"], line["order_id"]), []).append(line)
    sales = {key: of_order for key, of_order in orders.items() if sum(line["amount"] for line in of_order) > 0}
    known = {
        name
        for name, row in master.items()
        if row["registered_at"] is None or row["registered_at"].astimezone(ZONE).date() <= day
    }
    for rows in (lines, sessions, searches, interests):
        known |= {row["customer_id"] for row in rows if row["customer_id"] is not None}

    def order_days(name: str) -> set[date]:
        return {when for (when, _), of_order in sales.items() if of_order[0]["customer_id"] == name}

    everyone = [order_days(name) for name in known]
    result = []
    for name in sorted(known):
        of = [row for row in interests if row["customer_id"] == name]
        visits = [
            row
            for row in sessions
            if row["customer_id"] == name
            and row["view_count"] + row["search_count"] + row["click_count"] + row["favorite_count"] > 0
        ]
        queries = Counter(row["query"] for row in searches if row["customer_id"] == name)
        mine = [of_order for of_order in sales.values() if of_order[0]["customer_id"] == name]
        days, bought = order_days(name), [order for order in paid if order["customer_id"] == name]
        active = days | {row["event_date"] for row in visits}
        gap = middle(gaps(list(days)))
        from_search = sum(any(line["search_attribution"] for line in of_order) for of_order in mine)
        totals = [order["total"] for order in bought]
        currencies = {order["currency"] for order in bought} - {None}
        since = (day - max(days)).days if days else None
        skus = [
            len({line["sku_id"] for line in lines if (line["event_date"], line["order_id"]) == key})
            for key in ((order["event_date"], order["order_id"]) for order in bought)
        ]
        of_sku = sorted((row for row in of if row["entity_type"] == "sku"), key=lambda row: row["rank"])
        halves = sorted(totals)[(len(totals) - 1) // 2 : len(totals) // 2 + 1]
        result.append(
            {
                "customer_id": name,
                **{column: master.get(name, {}).get(column) for column in ("name", "region", "customer_type")},
                "registered_at": master.get(name, {}).get("registered_at"),
                "lifecycle": "registered"
                if not (days or visits or of_sku or queries)
                else "browsing"
                if since is None
                else stage(since, rhythm(days, everyone), len(days)),
                "is_stitched": any(row["is_stitched"] for row in visits),
                "top_sku_ids": [row["entity_id"] for row in of_sku][:10],
                "top_category_ids": best(of, "category"),
                "top_brands": best(of, "brand"),
                "top_queries": sorted(queries, key=lambda query: (-queries[query], query))[:10],
                "viewed_not_ordered_sku_ids": [
                    row["entity_id"] for row in of_sku if row["view_count"] and not row["has_ordered"]
                ][:10],
                "active_day_count": len(active),
                "session_count": len(visits),
                "preferred_weekday": most([when.isoweekday() for when in active]),
                "preferred_hour": most([row["started_at"].astimezone(ZONE).hour for row in visits]),
                "order_count": len(mine),
                "order_day_count": len(days),
                "first_ordered_at": min((of_order[0]["ordered_at"] for of_order in mine), default=None),
                "last_ordered_at": max((of_order[0]["ordered_at"] for of_order in mine), default=None),
                "median_order_gap_days": None if gap is None else float(gap),
                "days_since_last_order": since,
                "search_order_count": from_search,
                "search_order_ratio": from_search / len(mine) if mine else None,
                "currency": currencies.pop() if len(currencies) == 1 else None,
                "paid_order_count": len(bought),
                "paid_amount": sum(totals, Decimal(0)),
                "net_paid_amount": sum(totals, Decimal(0)) + back.get(name, Decimal(0)),
                "average_order_amount": quotient(sum(totals, Decimal(0)), len(totals)) if totals else None,
                "median_order_amount": quotient(halves[0] + halves[-1], 2) if totals else None,
                "p90_order_amount": percentile(sorted(totals), 90) if totals else None,
                "skus_per_order": sum(skus) / len(skus) if skus else None,
            }
        )
    return result


def best(interests: Sequence[Row], entity_type: str) -> list[str]:
    """The names of the first ten."""
    of_type = [row for row in interests if row["entity_type"] == entity_type]
    return [row["entity_id"] for row in sorted(of_type, key=lambda row: row["rank"])][:10]
