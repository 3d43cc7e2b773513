"""Oracle of `search_terms`: one window after the other, one query after the other."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows as of the day."""
    by_query: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for search in tables["searches"].to_pylist():
        for window_days in (1, 7, 28):
            if timedelta(0) <= day - search["event_date"] < timedelta(days=window_days):
                by_query[search["query"], window_days].append(search)
    return [row_of(query, window_days, by_query[query, window_days]) for query, window_days in sorted(by_query)]


def row_of(query: str, window_days: int, searches: list[Row]) -> Row:
    """One term."""
    counts = [search["result_count"] for search in searches if search["result_count"] is not None]
    positions = [one["first_click_position"] for one in searches if one["first_click_position"] is not None]
    ordered = [search for search in searches if search["windowed_order_line_count"]]
    currencies = {search["currency"] for search in ordered}
    zeros, few = counts.count(0), sum(1 <= count <= 3 for count in counts)
    clicked = sum(search["click_count"] > 0 for search in searches)
    strict = sum(search["strict_order_line_count"] > 0 for search in searches)
    refined, left = (sum(search[name] for search in searches) for name in ("is_refined", "is_exit"))
    total = len(searches)
    return {
        "query": query,
        "window_days": window_days,
        "search_count": total,
        "customer_count": len({search["customer_id"] for search in searches} - {None}),
        "reported_count": len(counts),
        "zero_result_count": zeros,
        "zero_result_ratio": zeros / len(counts) if counts else None,
        "few_result_count": few,
        "few_result_ratio": few / len(counts) if counts else None,
        "result_count_median": float(median(counts)) if counts else None,
        "clicked_count": clicked,
        "click_ratio": clicked / total,
        "mean_first_click_position": sum(positions) / len(positions) if positions else None,
        "ordered_strict_count": strict,
        "ordered_strict_ratio": strict / total,
        "strict_amount": sum((search["strict_amount"] for search in searches), Decimal(0)),
        "ordered_windowed_count": len(ordered),
        "ordered_windowed_ratio": len(ordered) / total,
        "windowed_amount": sum((search["windowed_amount"] for search in searches), Decimal(0)),
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "refined_count": refined,
        "refined_ratio": refined / total,
        "exit_count": left,
        "exit_ratio": left / total,
    }
