"""Oracle of `zero_result_terms`: every query against every stretch of every name."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from tests.oracles.wording import normalized

Row = dict[str, Any]

# The sounds of the characters that the tests use.
SOUNDS = {"阿": "a", "啊": "a", "莫": "mo", "末": "mo", "西": "xi", "林": "lin", "胶": "jiao"}
WAYS = ("name", "pinyin", "initials")


def expected(tables: Mapping[str, pa.Table], day: date) -> list[Row]:
    """The rows as of the day."""
    by_query: dict[str, list[Row]] = {}
    for search in in_window(tables, "searches", day):
        by_query.setdefault(search["query"], []).append(search)
    rows = [row_of(query, searches) for query, searches in by_query.items() if query]
    rows = [row for row in rows if row["zero_result_count"] + row["few_result_count"]]
    rows.sort(
        key=lambda row: (-row["customer_count"], -row["zero_result_count"] - row["few_result_count"], row["query"])
    )
    names: dict[str, Row] = {}
    for sku in sorted(tables["skus"].to_pylist(), key=lambda sku: sku["sku_id"]):
        if sku["name"] is not None:
            names.setdefault(str(normalized(sku["name"])), sku)
    lines = [line for line in in_window(tables, "order_lines", day) if line["is_sale"]]
    return [
        {**row, **worth(row["unserved_customer_count"], found, lines), "suggestions": found}
        for row in sorted(rows[:1000], key=lambda row: row["query"])
        for found in [suggestions(row["query"], names)]
    ]


def in_window(tables: Mapping[str, pa.Table], name: str, day: date) -> list[Row]:
    """The rows of the 28 days."""
    return [row for row in tables[name].to_pylist() if 0 <= (day - row["event_date"]) / timedelta(days=1) <= 27]


def row_of(query: str, searches: list[Row]) -> Row:
    """What is counted of one query."""
    counts = [search["result_count"] for search in searches]
    failed = [search for search in searches if search["result_count"] in (0, 1, 2, 3)]
    return {
        "query": query,
        "search_count": len(searches),
        "zero_result_count": counts.count(0),
        "few_result_count": counts.count(1) + counts.count(2) + counts.count(3),
        "customer_count": len({search["customer_id"] for search in failed} - {None}),
        "unserved_customer_count": sum(
            all(not search["click_count"] for search in failed if search["customer_id"] == customer)
            for customer in {search["customer_id"] for search in failed} - {None}
        ),
        "last_searched_at": max((search["searched_at"] for search in failed), default=None),
    }


def suggestions(query: str, names: Mapping[str, Row]) -> list[Row]:
    """The nearest products, nearest first."""
    found = []
    for text, sku in names.items():
        near = [(-similarity, rank) for rank, way in enumerate(WAYS) if (similarity := likeness(way, query, text))]
        if near:
            negative, rank = min(near)
            found.append((negative, rank, sku["sku_id"], sku["name"]))
    return [
        {"sku_id": sku_id, "name": name, "matched_by": WAYS[rank], "similarity": -negative}
        for negative, rank, sku_id, name in sorted(found)[:5]
    ]


def likeness(way: str, query: str, name: str) -> float | None:
    """How near the name is in one way; null when it is not."""
    term, parts = "".join(spelled(way, query)), spelled(way, name)
    characters = spelled("name", query)
    if len(characters) < 2 or (way != "name" and len(term) < 3):
        return None
    if way == "initials" and not "".join(characters).isascii():
        return None
    stretches = ["".join(parts[start:])[: len(term)] for start in range(len(parts))]
    edits = min((distance(term, stretch) for stretch in stretches), default=len(term))
    return (len(term) - edits) / len(term) if 10 * edits <= 3 * len(term) else None


def spelled(way: str, text: str) -> list[str]:
    """Each letter or digit of the text in one way of comparing."""
    characters = [one for one in text if one.isalnum()]
    if way == "name":
        return characters
    sounds = [SOUNDS.get(one, one) for one in characters]
    return sounds if way == "pinyin" else [sound[0] for sound in sounds]


@cache
def distance(one: str, other: str) -> int:
    """The least number of single letters to put in, take out or replace."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return distance(one[1:], other[1:])
    return 1 + min(distance(one[1:], other), distance(one, other[1:]), distance(one[1:], other[1:]))


def worth(customer_count: int, found: list[Row], lines: list[Row]) -> Row:
    """What a line of the suggested products usually comes to, and all of it."""
    wanted = {suggestion["sku_id"] for suggestion in found}
    behind = [line for line in lines if line["sku_id"] in wanted]
    currencies = {line["currency"] for line in behind} - {None}
    amounts = sorted(line["amount"] for line in behind)
    usual = amounts[(len(amounts) - 1) // 2] if amounts and len(currencies) <= 1 else None
    return {
        "usual_line_amount": usual,
        "estimated_lost_amount": None if usual is None else customer_count * usual,
        "currency": currencies.pop() if len(currencies) == 1 else None,
    }
