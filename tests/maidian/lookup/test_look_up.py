"""Each number of a lookup equals a query over the facts, for every customer, product and term of the demo."""

import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from maidian.lookup.look_up import KINDS, Answer, look_up
from maidian.reading.views import connect
from schemas.errors import UsageError
from schemas.lake.lake import Lake, create_lake, open_lake

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it

Row = dict[str, Any]
FEW = 6  # of each kind: the busiest, where mistakes show


@pytest.fixture(scope="module")
def lake(demo_lake: Path) -> Lake:
    return open_lake(demo_lake)


@pytest.fixture(scope="module")
def tables(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(lake) as connection:
        yield connection


def rows(tables: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    return tables.execute(sql, list(values)).fetchall()


def part(answer: Answer, name: str) -> list[Row]:
    for section, found in answer.parts:
        if section.name == name:
            return [dict(zip(section.headings, row, strict=True)) for row in found]
    raise AssertionError(name)


def busiest(tables: duckdb.DuckDBPyConnection, column: str, table: str) -> list[str]:
    sql = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {FEW}"
    return [str(row[0]) for row in rows(tables, sql)]


def rarest(tables: duckdb.DuckDBPyConnection, column: str, table: str) -> list[str]:
    sql = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*), 1 LIMIT {FEW}"
    return [str(row[0]) for row in rows(tables, sql)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_has_a_heading_for_each_column(kind: str, tables: duckdb.DuckDBPyConnection) -> None:
    for section in KINDS[kind].SECTIONS:
        known = {"value": "x", "limit": 1, "as_of": date(2026, 11, 20)}
        values = {name: value for name, value in known.items() if f"${name}" in section.sql}
        columns = [column[0] for column in tables.execute(section.sql, values).description or []]
        assert columns == list(section.headings)
        assert all(en and zh for en, zh in section.headings.values())


def test_customers(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    for customer in busiest(tables, "customer_id", "session_events"):
        answer = look_up(lake, "customer", customer, as_of=None, limit=1000)
        (profile,) = part(answer, "profile")
        assert rows(
            tables,
            "SELECT count(DISTINCT order_id), max(ordered_at) FROM order_lines WHERE customer_id = ? AND is_sale",
            customer,
        ) == [(profile["order_count"], profile["last_ordered_at"])]
        found = {
            row["sku_id"]: (
                row["view_count"],
                row["click_count"],
                row["favorite_count"],
                row["order_line_count"],
                row["first_at"],
                row["last_at"],
            )
            for row in part(answer, "products")
        }
        summed = rows(
            tables,
            """SELECT sku_id, sum(view_count), sum(click_count), sum(favorite_count), sum(order_line_count), min(first_at), max(last_at)
            FROM customer_sku_days WHERE customer_id = ? GROUP BY sku_id
            HAVING sum(view_count) + sum(click_count) + sum(favorite_count) + sum(order_line_count) > 0""",
            customer,
        )
        expected = {sku: tuple(values) for sku, *values in summed}
        assert len(found) == min(len(expected), 100)
        assert found.items() <= expected.items()
        first_order = rows(tables, "SELECT min(first_order_at) FROM customer_sku_days WHERE customer_id = ?", customer)[
            0
        ][0]
        before = {row["sku_id"] for row in part(answer, "before_first_order")}
        assert before == {sku for sku, values in found.items() if first_order is None or values[5] < first_order}
        assert len(part(answer, "searches")) == min(
            rows(tables, "SELECT count(*) FROM searches WHERE customer_id = ?", customer)[0][0], 1000
        )
        ordered = rows(
            tables,
            "SELECT order_id, count(*), sum(amount) FROM order_lines WHERE customer_id = ? GROUP BY order_id ORDER BY 1",
            customer,
        )
        assert sorted((row["order_id"], row["line_count"], row["amount"]) for row in part(answer, "orders")) == ordered


def test_products(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    for sku in busiest(tables, "sku_id", "session_events"):
        answer = look_up(lake, "sku", sku, as_of=None, limit=1000)
        (product,) = part(answer, "product")
        looked = rows(
            tables,
            """SELECT customer_id, sum(view_count) AS views, max(last_order_at) IS NOT NULL AS bought FROM customer_sku_days
            WHERE sku_id = ? GROUP BY customer_id HAVING sum(view_count) + sum(click_count) + sum(favorite_count) > 0""",
            sku,
        )
        assert product["customer_count"] == len(looked) > 0
        assert product["viewer_count"] == sum(views > 0 for _, views, _ in looked)
        assert product["buyer_count"] == sum(bought for *_, bought in looked)
        not_bought = part(answer, "not_bought")
        assert product["not_bought_count"] == len(not_bought)
        assert {row["customer_id"]: row["view_count"] for row in not_bought} == {
            customer: views for customer, views, bought in looked if not bought
        }
        assert {row["customer_id"] for row in part(answer, "bought")} == {
            customer for customer, _, bought in looked if bought
        }
        scores = [row["score"] for row in not_bought]
        assert scores == sorted(scores, reverse=True)
        queries = rows(
            tables,
            "SELECT query, count(*) FROM searches WHERE list_contains(clicked_sku_ids, ?) GROUP BY 1 ORDER BY 1",
            sku,
        )
        assert sorted((row["query"], row["search_count"]) for row in part(answer, "searches")) == queries


def test_terms(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    for term in busiest(tables, "query", "searches"):
        answer = look_up(lake, "query", term, as_of=None, limit=1000)
        for row in part(answer, "windows"):
            counted = rows(
                tables,
                """SELECT count(*), count(DISTINCT customer_id), count(result_count),
                    count(*) FILTER (result_count = 0), avg((click_count > 0)::INT)
                FROM searches WHERE query = ? AND event_date > ?::DATE - ?::INT AND event_date <= ?""",
                term,
                answer.as_of,
                row["window_days"],
                answer.as_of,
            )
            names = ("search_count", "customer_count", "reported_count", "zero_result_count", "click_ratio")
            assert counted == [pytest.approx(tuple(row[name] for name in names))]
        clicked = rows(
            tables,
            "SELECT sku, count(*) FROM (SELECT unnest(clicked_sku_ids) AS sku FROM searches WHERE query = ?) GROUP BY 1 ORDER BY 1",
            term,
        )
        assert sorted((row["sku_id"], row["search_count"]) for row in part(answer, "clicked")) == clicked
        assert (
            len(part(answer, "customers")) == rows(tables, "SELECT count(*) FROM searches WHERE query = ?", term)[0][0]
        )


def test_what_a_fruitless_term_may_have_meant(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    suggested = (
        "SELECT query, suggestions FROM zero_result_terms WHERE as_of = (SELECT max(as_of) FROM zero_result_terms)"
    )
    for term, suggestions in rows(tables, suggested + " AND len(suggestions) > 0 ORDER BY 1 LIMIT 5"):
        meant = part(look_up(lake, "query", term, as_of=None, limit=1000), "meant")
        assert [row["sku_id"] for row in meant] == [suggestion["sku_id"] for suggestion in suggestions]


def test_a_term_is_found_as_a_person_types_it(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    raw, term = rows(tables, "SELECT query_raw, query FROM searches WHERE query_raw <> query ORDER BY 1 LIMIT 1")[0]
    assert look_up(lake, "query", raw, as_of=None, limit=1).value == term


def test_a_name_stands_for_its_number(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    customer, name = rows(tables, "SELECT customer_id, name FROM customers ORDER BY len(name) DESC, 1 LIMIT 1")[0]
    alone = rows(
        tables,
        "SELECT count(*) FROM customer_profiles WHERE contains(name, ?) AND as_of = (SELECT max(as_of) FROM customer_profiles)",
        name,
    )[0][0]
    if alone == 1:
        assert look_up(lake, "customer", name, as_of=None, limit=1).value == customer
    with pytest.raises(UsageError, match=r"is in the names of several; say which by its number: C\d+ "):
        look_up(lake, "customer", "药房", as_of=None, limit=1)


def test_instants_are_those_of_the_lakes_time_zone(lake: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    (customer, *_) = busiest(tables, "customer_id", "searches")
    (search, *_) = part(look_up(lake, "customer", customer, as_of=None, limit=1), "searches")
    assert lake.time_zone == "Asia/Shanghai"
    assert search["searched_at"].utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_that_name(kind: str, lake: Lake) -> None:
    with pytest.raises(UsageError, match=f"there is no {kind} 'no such thing'"):
        look_up(lake, kind, "no such thing", as_of=None, limit=1)


def test_before_anything_was_built(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not built; run `maidian run`"):
        look_up(create_lake(tmp_path / "lake"), "customer", "C1", as_of=None, limit=1)


@pytest.mark.parametrize(
    ("kind", "column", "name", "newest"),
    [
        ("customer", "customer_id", "searches", "SELECT searched_at FROM searches WHERE customer_id = ?"),
        (
            "customer",
            "customer_id",
            "orders",
            "SELECT min(ordered_at) FROM order_lines WHERE customer_id = ? GROUP BY order_id",
        ),
        ("query", "query", "customers", "SELECT searched_at FROM searches WHERE query = ?"),
    ],
)
def test_the_newest_of_few_are_the_newest_of_all(
    kind: str, column: str, name: str, newest: str, lake: Lake, tables: duckdb.DuckDBPyConnection
) -> None:
    """Only the days that hold so many are opened; more days are when they hold too few."""
    for value in (*busiest(tables, column, "searches")[:2], *rarest(tables, column, "searches")[:2]):
        for limit in (1, 4, 1000):
            rows_shown = part(look_up(lake, kind, value, as_of=None, limit=limit), name)
            found = [row["ordered_at" if name == "orders" else "searched_at"] for row in rows_shown]
            assert found == [at for (at,) in rows(tables, f"{newest} ORDER BY 1 DESC LIMIT {limit}", value)]


def test_a_term_that_only_the_facts_know(lake: Lake, tables: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """As one last searched before the windows of `search_terms`."""
    copied = shutil.copytree(lake.path, tmp_path / "lake", symlinks=True, copy_function=os.link)
    (copied / "search_terms" / "current").unlink()
    (term, *_) = rarest(tables, "query", "searches")
    answer = look_up(open_lake(copied), "query", term, as_of=None, limit=1)
    assert not part(answer, "windows")
    [(searched_at,)] = rows(tables, "SELECT max(searched_at) FROM searches WHERE query = ?", term)
    assert [row["searched_at"] for row in part(answer, "customers")] == [searched_at]
