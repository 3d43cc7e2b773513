"""What was searched for and not found, and what was meant."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.wording.nearness import nearest
from jobs.zero_result_terms import declare
from schemas.settings import DEFAULTS, Settings
from tests.jobs.draw import DAY, Row, instants, some
from tests.jobs.draw_searches import QUARTER, SPARSE
from tests.jobs.rows import computed, table_of
from tests.oracles.zero_result_terms import expected

JOB = declare(DEFAULTS)
DAYS = (1, 0, 0, -27, -28)
ALPHABET = "阿啊莫末西林胶axmol1 -"

texts = st.text(ALPHABET, max_size=8) | st.sampled_from(["阿莫西林", "amxl", "amoxilin", "阿末西林胶", "阿莫西林1"])
days = st.sampled_from(DAYS).map(lambda number: DAY + timedelta(number))


@st.composite
def shops(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Searches that mostly fail, a few products and what was sold of them."""
    queries = draw(st.lists(texts, min_size=1, max_size=4))
    searches = st.fixed_dictionaries(
        {
            "event_date": days,
            "searched_at": instants((0,)),
            "query": st.sampled_from(queries),
            "customer_id": some("C1", "C2"),
            "result_count": some(0, 3, 4),
            "click_count": st.sampled_from([0, 0, 1]),
        }
    )
    skus = st.fixed_dictionaries(
        {"sku_id": st.sampled_from("pqrstuv"), "name": st.none() | texts, "imported_date": days}
    )
    lines = st.fixed_dictionaries(
        {
            "event_date": days,
            "sku_id": st.sampled_from("pqr"),
            "amount": st.sampled_from([Decimal(text) for text in ("1", "2.5", "-3", "100000000000000000.0001")]),
            "currency": some("CNY", "CNY", "CNY", "USD"),
            "is_sale": st.sampled_from([True, True, False]),
        }
    )
    return {
        "searches": draw(st.lists(searches, max_size=8)),
        "skus": draw(st.lists(skus, max_size=7, unique_by=lambda sku: sku["sku_id"])),
        "order_lines": draw(st.lists(lines, max_size=5)),
    }


def tables_of(shop: dict[str, list[Row]]) -> dict[str, pa.Table]:
    return {name: table_of(name, rows) for name, rows in shop.items()}


@QUARTER
@given(shops())
def test_equals_the_oracle(shop: dict[str, list[Row]]) -> None:
    tables = tables_of(shop)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@pytest.mark.ci
@given(shops())
def test_equals_the_oracle_many_times(shop: dict[str, list[Row]]) -> None:
    tables = tables_of(shop)
    assert computed(JOB, tables, DAY) == expected(tables, DAY)


@SPARSE
@given(st.data(), shops())
def test_order_of_rows_never_shows(data: st.DataObject, shop: dict[str, list[Row]]) -> None:
    shuffled = {name: data.draw(st.permutations(rows)) for name, rows in shop.items()}
    assert computed(JOB, tables_of(shuffled), DAY) == computed(JOB, tables_of(shop), DAY)


def test_the_terms_of_most_customers_are_kept() -> None:
    found = [("a", "C1"), ("b", "C1"), ("b", "C2"), ("c", "C1"), ("c", None), ("d", "C1")]
    searches = [
        {"event_date": DAY, "query": query, "customer_id": one, "result_count": 0, "click_count": 0}
        for query, one in found
    ]
    job = declare(Settings(zero_result_term_limit=3))
    rows = computed(
        job, tables_of({"searches": [{**row, "searched_at": at} for row in searches for at in [NOON]]}), DAY
    )
    assert [row["query"] for row in rows] == ["a", "b", "c"]


NOON = "2026-11-20T04:00:00Z"


def suggested(query: str, *names: str, limit: int = 5) -> list[tuple[str, str, float]]:
    products = {"sku_id": [f"p{number}" for number in range(len(names))], "name": names, "text": names}
    found = nearest(pl.LazyFrame({"query": [query]}), pl.LazyFrame(products), limit).collect()
    rows: list[dict[str, Any]] = found["suggestions"].explode().to_list() if found.height else []
    return [(row["name"], row["matched_by"], row["similarity"]) for row in rows]


@pytest.mark.parametrize(
    ("query", "name", "way", "similarity"),
    [
        ("阿斯匹林", "阿司匹林肠溶片", "pinyin", 1.0),
        ("胰岛素笔", "甘精胰岛素", "pinyin", 7 / 9),
        ("感冒灵", "三九感冒灵颗粒", "name", 1.0),
        ("amxl", "阿莫西林胶囊", "initials", 1.0),
        ("amoxilin", "阿莫西林胶囊", "pinyin", 1.0),
        ("amoxiling", "阿莫西林胶囊", "pinyin", 8 / 9),
        ("布洛分", "布洛芬片", "pinyin", 1.0),
        ("c 片", "维生素c片", "name", 1.0),
    ],
)
def test_what_was_meant(query: str, name: str, way: str, similarity: float) -> None:
    assert suggested(query, "连花清瘟", name) == [(name, way, similarity)]


@pytest.mark.parametrize("query", ["片", "a", "am", "zzzz", "。。", "x" * 1024])
def test_what_is_near_nothing(query: str) -> None:
    assert suggested(query, "阿莫西林胶囊", "布洛芬片") == []


def test_the_nearest_come_first_and_no_more_than_asked_for() -> None:
    names = ("阿莫仙林片", "阿莫西林片", "阿末西林片", "阿莫西林", "连花清瘟")
    assert [name for name, _, _ in suggested("阿莫西林", *names, limit=3)] == ["阿莫西林片", "阿莫西林", "阿末西林片"]
