"""Oracle of `customer_lifecycles`: customer by customer, from the definition, in exact fractions."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pyarrow as pa


def middle(values: Sequence[Any]) -> Fraction | None:
    """The median of numbers, exactly."""
    rising = [Fraction(value) for value in sorted(values)]
    if not rising:
        return None
    return (rising[(len(rising) - 1) // 2] + rising[len(rising) // 2]) / 2


def gaps(days: Sequence[date]) -> list[int]:
    """Days from one to the next."""
    rising = sorted(set(days))
    return [(after - before).days for before, after in pairwise(rising)]


def rhythm(order_days: set[date], everyone: Sequence[set[date]]) -> Fraction:
    """How many days the customer usually lets pass; `everyone`: the order days of each customer."""
    own = [middle(gaps(list(days))) for days in everyone if len(days) >= 3]
    usual = middle(gaps(list(order_days))) if len(order_days) >= 3 else middle(own)
    return max(usual if usual is not None else Fraction(30), Fraction(7))


def stage(since: int, rhythm: Fraction, order_days: int) -> str:
    """The lifecycle."""
    for name, late in (("lost", Fraction(4)), ("dormant", Fraction(5, 2)), ("slowing", Fraction(3, 2))):
        if since > late * rhythm:
            return name
    return "active" if order_days >= 3 else "new"


def expected(tables: Mapping[str, pa.Table], day: date, window_days: int = 180) -> list[dict[str, Any]]:
    """The rows as of the day."""
    order_days: dict[str, set[date]] = {}
    for order in tables["orders"].to_pylist():
        is_near = 0 <= (day - order["event_date"]).days < window_days
        if is_near and order["customer_id"] is not None and order["is_sale"] and order["amount"] > 0:
            order_days.setdefault(order["customer_id"], set()).add(order["event_date"])
    result = []
    for name, days in sorted(order_days.items()):
        gap, since = middle(gaps(list(days))), (day - max(days)).days
        pace = rhythm(days, list(order_days.values()))
        result.append(
            {
                "customer_id": name,
                "lifecycle": stage(since, pace, len(days)),
                "order_day_count": len(days),
                "last_order_date": max(days),
                "days_since_last_order": since,
                "median_order_gap_days": None if gap is None else float(gap),
                "rhythm_days": float(pace),
            }
        )
    return result
