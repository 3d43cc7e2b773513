"""Oracle of `search_funnel`: takes each search down the funnel, one step at a time."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

STEPS = ("searched", "with_results", "clicked", "favorited", "ordered_windowed", "ordered_strict", "paid")
WAITS = (
    ("searched_to_results", "searched_at", "resulted_at", "with_results"),
    ("results_to_clicked", "resulted_at", "first_clicked_at", "clicked"),
    ("clicked_to_favorited", "first_clicked_at", "first_favorited_at", "favorited"),
    ("favorited_to_ordered", "first_favorited_at", "first_ordered_at", "ordered_windowed"),
    ("ordered_to_paid", "first_ordered_at", "first_paid_at", "paid"),
    ("searched_to_clicked", "searched_at", "first_clicked_at", "clicked"),
    ("clicked_to_ordered", "first_clicked_at", "first_ordered_at", "clicked_ordered_windowed"),
)


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows of the day."""
    known = lifecycles(tables["customer_lifecycles"].to_pylist(), day)
    funnels: dict[tuple[str, str], list[tuple[Row, set[str]]]] = {}
    for search in tables["searches"].to_pylist():
        if search["event_date"] == day:
            is_unknown = search["customer_id"] is None or not known
            key = search["channel"], "unknown" if is_unknown else known.get(search["customer_id"], "browsing")
            funnels.setdefault(key, []).append((search, steps(search)))
    return [row_of(*key, funnels[key]) for key in sorted(funnels)]


def lifecycles(rows: list[Row], day: date) -> dict[str, str]:
    """Where each customer stood."""
    for before in range(1, 8):
        of_day = {
            row["customer_id"]: row["lifecycle"] for row in rows if row["event_date"] == day - timedelta(days=before)
        }
        if of_day:
            return of_day
    return {}


def steps(search: Row) -> set[str]:
    """How far the search came."""
    clicked = search["click_count"] > 0
    passed = {
        "searched": True,
        "with_results": clicked if search["has_results"] is None else search["has_results"],
        "clicked": clicked,
        "favorited": search["favorite_count"] > 0,
        "ordered_windowed": search["windowed_order_line_count"] > 0,
        "ordered_strict": search["strict_order_line_count"] > 0,
        "paid": search["strict_paid_line_count"] > 0,
    }
    reached: set[str] = set()
    for step in STEPS:
        if not passed[step]:
            break
        reached.add(step)
    if "clicked" in reached:
        for name, column in (
            ("clicked_ordered_windowed", "windowed_order_line_count"),
            ("clicked_paid_windowed", "windowed_paid_line_count"),
            ("clicked_ordered_strict", "strict_order_line_count"),
            ("clicked_paid_strict", "strict_paid_line_count"),
        ):
            if search[column] > 0:
                reached.add(name)
    return reached


def row_of(channel: str, lifecycle: str, searches: list[tuple[Row, set[str]]]) -> Row:
    """One funnel."""
    row: Row = {
        "channel": channel,
        "lifecycle": lifecycle,
        "reported_search_count": sum(search["result_count"] is not None for search, _ in searches),
    }
    aside = ("clicked_ordered_windowed", "clicked_paid_windowed", "clicked_ordered_strict", "clicked_paid_strict")
    for step in (*STEPS, *aside):
        there = [search for search, reached in searches if step in reached]
        row[f"{step}_search_count"] = len(there)
        row[f"{step}_customer_count"] = len({search["customer_id"] for search in there} - {None})
    for name, earlier, later, step in WAITS:
        waits = sorted(
            search[later] - search[earlier]
            for search, reached in searches
            if step in reached and None not in (search[earlier], search[later]) and search[later] >= search[earlier]
        )
        row[f"{name}_median_seconds"] = waits[(len(waits) - 1) // 2].total_seconds() if waits else None
    return row
