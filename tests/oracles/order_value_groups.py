"""Oracle of `order_value_groups`: every grouping there is, tried one after the other, with exact fractions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import pyarrow as pa

from tests.oracles.price_points import PRICE_POINTS

CENT = Decimal("0.0001")


def quotient(amount: Decimal, count: int) -> Decimal:
    """Rounded half to even to four decimals."""
    with localcontext(prec=60):
        return (amount / count).quantize(CENT, ROUND_HALF_EVEN)


def usual(amounts: Sequence[Decimal]) -> Decimal:
    """The trimmed mean of amounts."""
    rising = sorted(amounts)
    trimmed = 0 if len(rising) < 3 else max(1, len(rising) // 5)
    kept = rising[trimmed : len(rising) - trimmed]
    return quotient(sum(kept, Decimal(0)), len(kept))


def bin_of(amount: Decimal) -> int:
    """Hundredths of a decade, rounded down."""
    with localcontext(prec=60):
        return int((amount.log10() * 100).to_integral_value(ROUND_FLOOR))


def cost(members: Sequence[int]) -> int:
    """The sum of squared distances from the mean, in whole thousandths."""
    mean = Fraction(sum(members), len(members))
    return int(1000 * sum((member - mean) ** 2 for member in members) // 1)


def best_groups(amounts: Sequence[Decimal]) -> dict[Decimal, int]:
    """The group of each amount: the fewest groups that leave 15 % of the cost, else those of least cost."""
    bins = Counter(map(bin_of, amounts))
    places = sorted(bins)
    least = -(-len(amounts) // 20)
    best: list[tuple[int, tuple[int, ...]]] = []
    for count in range(1, min(6, len(places)) + 1):
        options = []
        for cuts in combinations(range(1, len(places)), count - 1):
            edges = (0, *cuts, len(places))
            groups = [
                [place for place in places[first:last] for _ in range(bins[place])] for first, last in pairwise(edges)
            ]
            if all(len(group) >= least for group in groups):
                options.append((sum(map(cost, groups)), tuple(reversed(cuts))))
        if options:
            best.append(min(options))
    enough = [one for one in best if one[0] * 100 <= 15 * best[0][0]]
    chosen = enough[0] if enough else min(best, key=lambda one: one[0])
    begins = sorted(places[cut] for cut in chosen[1])
    return {amount: 1 + sum(bin_of(amount) >= begin for begin in begins) for amount in amounts}


def percentile(rising: Sequence[Decimal], percent: int) -> Decimal:
    """The least of the amounts that so many percent are not above."""
    return next(amount for amount in rising if 100 * sum(other <= amount for other in rising) >= percent * len(rising))


def paid_orders(lines: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Decimal]]:
    """The paid orders, and what each customer was given back."""
    orders: dict[Any, dict[str, Any]] = {}
    for line in lines:
        order = orders.setdefault(
            (line["event_date"], line["order_id"]), {**line, "total": Decimal(0), "net": Decimal(0)}
        )
        order["total"] += line["amount"]
        order["net"] += line["net_sales_amount"]
    known = [order for order in orders.values() if order["customer_id"] is not None]

    def is_confirmed(order: Mapping[str, Any]) -> bool:
        return bool(order["is_sale"] and (order["paid_at"] or order["status"] in ("paid", "shipped")))

    reporting = {order["landing_source"] for order in known if is_confirmed(order)}
    paid: list[dict[str, Any]] = []
    back: dict[str, Decimal] = defaultdict(Decimal)
    for order in known:
        counts = order["is_sale"] and (is_confirmed(order) or order["landing_source"] not in reporting)
        if counts and order["total"] > 0:
            paid.append(order)
        elif counts or not order["is_sale"]:
            back[order["customer_id"]] += order["net"]
    return paid, back


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows as of the day."""
    lines = [line for line in tables["order_lines"].to_pylist() if 0 <= (day - line["event_date"]).days < 180]
    paid, back = paid_orders(lines)
    rows = []
    for customer in sorted({order["customer_id"] for order in paid}):
        orders = sorted(
            (order for order in paid if order["customer_id"] == customer),
            key=lambda order: (order["ordered_at"], order["order_id"]),
        )
        total = sum((order["total"] for order in orders), Decimal(0))
        currencies = {order["currency"] for order in orders} - {None}
        rows.append(
            {
                "customer_id": customer,
                "currency": currencies.pop() if len(currencies) == 1 else None,
                "net_paid_amount": total + back[customer],
                "paid_amount": total,
                "paid_order_count": len(orders),
                "paid_day_count": len({order["event_date"] for order in orders}),
                "average_order_amount": quotient(total, len(orders)),
                "amount_per_active_day": quotient(total, len({order["event_date"] for order in orders})),
                "usual_order_amount": usual([order["total"] for order in orders[-10:]]),
                "last_ordered_at": orders[-1]["ordered_at"],
            }
        )
    for currency in {row["currency"] for row in rows}:
        alike = [row for row in rows if row["currency"] == currency]
        groups = best_groups([row["usual_order_amount"] for row in alike])
        for row in alike:
            row["group_number"] = groups[row["usual_order_amount"]]
        for row in alike:
            members = sorted(r["usual_order_amount"] for r in alike if r["group_number"] == row["group_number"])
            middle = percentile(members, 60)
            threshold = next((Decimal(point) for point in PRICE_POINTS if point > middle), None)
            if threshold is None:
                threshold = Decimal((int(middle) // PRICE_POINTS[-1] + 1) * PRICE_POINTS[-1])
            row |= {
                "group_customer_count": len(members),
                "group_least_amount": members[0],
                "group_greatest_amount": members[-1],
                "group_p50_amount": percentile(members, 50),
                "group_p60_amount": middle,
                "group_p70_amount": percentile(members, 70),
                "group_threshold_amount": threshold,
                "gap_amount": max(Decimal(0), threshold - row["usual_order_amount"]),
            }
    return rows
