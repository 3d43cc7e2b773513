"""`maidian lookup` as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.commands import maidian, maidian_json

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it


@pytest.fixture(scope="module")
def busiest(demo_lake: Path) -> dict[str, str]:
    """A value of each kind that something is known of."""
    query = """SELECT (SELECT mode(customer_id) FROM order_lines) AS customer, (SELECT mode(sku_id) FROM session_events) AS sku,
        (SELECT mode(query) FROM searches) AS query"""
    (row,) = json.loads(maidian("sql", "--lake", demo_lake, "--format", "json", "-c", query).stdout)
    return dict(row)


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        (
            "customer",
            ["Customer · as of 2026-11-20", "lifecycle", "Orders, newest first"],
            ["客户 · 截止 2026-11-20", "生命周期"],
        ),
        ("sku", ["Product · as of 2026-11-20", "of them have not"], ["商品 · 截止 2026-11-20", "其中未购"]),
        ("query", ["What became of it", "found nothing"], ["搜索结果与转化", "零结果"]),
    ],
)
def test_in_both_languages(
    kind: str, english: list[str], chinese: list[str], demo_lake: Path, busiest: dict[str, str]
) -> None:
    shown = maidian("lookup", "--lake", demo_lake, kind, busiest[kind]).stdout
    for words in english:
        assert words in shown
    shown = maidian("--lang", "zh", "lookup", "--lake", demo_lake, kind, busiest[kind]).stdout
    for words in chinese:
        assert words in shown


def test_json_holds_the_same(demo_lake: Path, busiest: dict[str, str]) -> None:
    found = maidian_json("lookup", "--lake", demo_lake, "customer", busiest["customer"], "--limit", 3)
    assert (found["kind"], found["value"], found["as_of"]) == ("customer", busiest["customer"], "2026-11-20")
    assert found["profile"][0]["customer_id"] == busiest["customer"]
    assert 1 <= len(found["orders"]) <= 3
    assert found["orders"][0]["ordered_at"].endswith("+08:00")


def test_an_earlier_day(demo_lake: Path, busiest: dict[str, str]) -> None:
    found = maidian_json("lookup", "--lake", demo_lake, "sku", busiest["sku"], "--as-of", "2026-11-19")
    assert found["as_of"] == "2026-11-19"
    done = maidian("lookup", "--lake", demo_lake, "sku", busiest["sku"], "--as-of", "2020-01-01", check=False)
    assert done.returncode == 2
    assert "on or before 2020-01-01" in done.stderr
