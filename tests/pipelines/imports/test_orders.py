"""Orders of many rows against a plain dictionary: every line, once, in the file's order, wherever the rows lie."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.imports import grouping, returning_keys, scattered_rows
from pipelines.imports.import_files import import_file
from schemas.errors import UsageError
from tests.pipelines.imports.small_mappings import ORDERS, Workshop

HEADER = "order,product,pieces,price\n"
keys = st.lists(st.sampled_from("ABCDE"), max_size=40)


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Batches of two or three rows, so that orders run over their ends."""
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.imports.input_file.UnpackedFile.blocks.__defaults__", (30,))
        patch.setattr(scattered_rows, "BATCH_ROWS", 3)
        yield


def orders_of(shop: Workshop, order_keys: list[str], rows: str) -> list[tuple[str, list[str]]]:
    file = shop.write("o.csv", HEADER + "".join(f"{key},p{place},1,1\n" for place, key in enumerate(order_keys)))
    report = import_file(file, shop.mapping(ORDERS.format(rows=rows)), None, shop.places)
    assert report.read_count == len(order_keys)
    if report.segment is None:
        return []
    events: list[Any] = [json.loads(line) for line in shop.segment(report).splitlines()]
    return [(event["order_id"], [line["sku_id"] for line in event["lines"]]) for event in events]


def grouped_plainly(order_keys: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place, key in enumerate(order_keys):
        found.setdefault(key, []).append(f"p{place}")
    return found


@given(keys, st.sampled_from([0, 1, 100]), st.sampled_from([2, 100, 100, 100]))
def test_scattered_rows_become_whole_orders(
    tmp_path_factory: pytest.TempPathFactory, order_keys: list[str], held_keys: int, buffered: int
) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(returning_keys, "BUFFER_KEYS", buffered)
        patch.setattr(scattered_rows, "BUFFER_ROWS", buffered)
        # 0: so many keys come back that all rows are sorted.
        for module in ("scattered_rows", "event_streams"):
            patch.setattr(f"pipelines.imports.{module}.MOST_HELD_KEYS", held_keys)
        found = orders_of(shop, order_keys, "scattered")
    assert dict(found) == grouped_plainly(order_keys)
    assert len(found) == len(dict(found))
    came_back = [key for key, _ in found if is_scattered(order_keys, key)]
    assert came_back == sorted(came_back, key=order_keys.index), "sorted orders are in the order of their first rows"


@given(keys, st.sampled_from([2, 100, 100, 100]))
def test_adjacent_rows_become_whole_orders_or_the_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, order_keys: list[str], buffered: int
) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(returning_keys, "BUFFER_KEYS", buffered)
        if any(is_scattered(order_keys, key) for key in order_keys):
            with pytest.raises(UsageError, match="do not lie together"):
                orders_of(shop, order_keys, "adjacent")
            assert shop.left_behind() == []
        else:
            assert orders_of(shop, order_keys, "adjacent") == list(grouped_plainly(order_keys).items())


def is_scattered(order_keys: list[str], key: str) -> bool:
    places = [place for place, each in enumerate(order_keys) if each == key]
    return places != list(range(places[0], places[-1] + 1))


@pytest.mark.parametrize("rows", ["adjacent", "scattered"])
def test_order_that_cannot_fit_a_line_is_refused_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, rows: str
) -> None:
    monkeypatch.setattr(grouping, "MOST_ROWS", 4)
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    assert orders_of(shop, ["A"] * 13 + ["B"] * 4, rows) == [("B", ["p13", "p14", "p15", "p16"])]
    (refused,) = shop.lake.glob("imports/erp/*.refused.ndjson")
    found = [json.loads(line) for line in refused.read_text().splitlines()]
    assert [row["row"] for row in found] == list(range(1, 14))
    assert {row["reason"] for row in found} == {"the event is longer than 1,048,576 bytes"}


def test_event_that_is_longer_than_a_line_may_be_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    mapping = ORDERS.format(rows="adjacent") + '[event.properties]\nnote = "{note}"\n'
    long = "x" * (1 << 20)
    rows = f"order,product,pieces,price,note\nA,p,1,1,short\nB,p,1,1,{long}\nC,p,1,1,short\n"
    report = shop.run(shop.write("o.csv", rows), mapping)
    assert [json.loads(line)["order_id"] for line in shop.segment(report).splitlines()] == ["A", "C"]
    assert [(each.row, each.reason) for each in report.refused_sample] == [
        (2, "the event is longer than 1,048,576 bytes")
    ]
    assert report.read_count == 3
