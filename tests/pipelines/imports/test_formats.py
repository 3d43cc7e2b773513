"""The same rows in every format become the same events; typed values keep their digits."""

import datetime as dt
import gzip
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import UsageError
from tests.pipelines.imports.small_mappings import Workshop

MAPPING = """
source = "shop"
[time]
zone = "Asia/Shanghai"
[[event]]
type = "order"
[event.fields]
event_id = "{row_number}"
occurred_at = "{time}"
customer_id = { column = "customer", integer = true }
anonymous_id = "a"
order_id = "{order}"
status = "placed"
amount = "{amount}"
[event.line]
sku_id = "{product}"
quantity = "{pieces}"
unit_price = "{price}"
[event.properties]
note = "{note}"
"""

NAMES = ["order", "time", "customer", "product", "pieces", "price", "amount", "note"]
NINE, TEN = dt.datetime(2026, 11, 20, 9, 30), dt.datetime(2026, 11, 21, 10, 0, 0)  # noqa: DTZ001 - local times
ROWS: list[tuple[Any, ...]] = [
    ("A1", NINE, 17850.0, "P1", 6, 2.55, 15.3, "first"),
    ("A2", TEN, None, "P2", -3, 0.1, -0.3, None),
]

EXPECTED = [
    {
        "event_id": "1",
        "event_type": "order",
        "occurred_at": "2026-11-20T09:30:00+08:00",
        "customer_id": "17850",
        "anonymous_id": "a",
        "order_id": "A1",
        "status": "placed",
        "lines": [{"sku_id": "P1", "quantity": 6, "unit_price": "2.55"}],
        "amount": "15.3",
        "properties": {"note": "first"},
    },
    {
        "event_id": "2",
        "event_type": "order",
        "occurred_at": "2026-11-21T10:00:00+08:00",
        "anonymous_id": "a",
        "order_id": "A2",
        "status": "placed",
        "lines": [{"sku_id": "P2", "quantity": -3, "unit_price": "0.1"}],
        "amount": "-0.3",
    },
]


def as_texts(row: tuple[Any, ...]) -> list[str]:
    return ["" if value is None else str(value) for value in row]


def write_delimited(path: Path, delimiter: str) -> None:
    lines = [NAMES, *map(as_texts, ROWS)]
    path.write_text("".join(delimiter.join(line) + "\n" for line in lines))


def write_xlsx(path: Path, *, title_rows: int = 0) -> None:
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("orders")
    for _ in range(title_rows):
        sheet.append(["Orders of November"])
    for row in [NAMES, *ROWS, (None,) * 8]:
        sheet.append(row)
    book.save(path)


def write_parquet(path: Path) -> None:
    columns = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), path)


def write_ndjson(path: Path) -> None:
    rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))


def write_gzip(path: Path) -> None:
    write_delimited(path, ",")
    path.write_bytes(gzip.compress(path.read_bytes()))


WRITERS = {
    "orders.csv": lambda path: write_delimited(path, ","),
    "orders.tsv": lambda path: write_delimited(path, "\t"),
    "orders.csv.gz": write_gzip,
    "packed-without-saying.csv": write_gzip,
    "orders.xlsx": write_xlsx,
    "orders.parquet": write_parquet,
    "orders.ndjson": write_ndjson,
    "orders.jsonl": write_ndjson,
}


def events_of(shop: Workshop, path: Path, mapping: str = MAPPING) -> list[Any]:
    report = shop.run(path, mapping)
    assert report.refused_sample == []
    return [json.loads(line) for line in shop.segment(report).splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.mark.parametrize("name", WRITERS)
def test_same_rows_become_the_same_events(shop: Workshop, name: str) -> None:
    path = shop.folder / name
    WRITERS[name](path)
    mapping = MAPPING + '[input]\nsheet = "orders"\n' if name.endswith("xlsx") else MAPPING
    assert events_of(shop, path, mapping) == EXPECTED


def test_title_rows_of_a_sheet_can_be_skipped(shop: Workshop) -> None:
    path = shop.folder / "report.xlsx"
    write_xlsx(path, title_rows=2)
    assert events_of(shop, path, MAPPING + '[input]\nsheet = "orders"\nskip_lines = 2\n') == EXPECTED


def test_sheet_that_is_not_there_is_one_line(shop: Workshop) -> None:
    path = shop.folder / "orders.xlsx"
    write_xlsx(path)
    with pytest.raises(UsageError, match=r"orders\.xlsx has no sheet 'Orders'; it has orders"):
        shop.run(path, MAPPING + '[input]\nsheet = "Orders"\n')
    with pytest.raises(UsageError, match=r"is empty: the sheet has no header row; is \[input\] sheet the right one"):
        shop.run(path, MAPPING)


def test_missing_extra_is_one_line(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop.folder / "orders.xlsx"
    write_xlsx(path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match=r"reading \.xlsx needs the extra: pip install 'maidian\[xlsx\]'"):
        shop.run(path, MAPPING)


VIEW = """
source = "shop"
[[event]]
type = "view"
[event.fields]
event_id = "{row_number}"
occurred_at = "{time}"
anonymous_id = "a"
sku_id = "{product}"
price = "{price}"
[event.properties]
kept = "{price}"
"""


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([Decimal("2.5500"), Decimal("-99999999999999.9999")], pa.decimal128(18, 4)), ["2.5500", "-99999999999999.9999"]),
        (pa.array([0.1, 1e-4], pa.float64()), ["0.1", "0.0001"]),
        (pa.array([2.5, float("nan")], pa.float32()), ["2.5", None]),
        (pa.array([12, None], pa.int64()), ["12", None]),
        (pa.array(["7.250", ""], pa.large_string()), ["7.250", None]),
        (pa.array(["1", "2"]).dictionary_encode(), ["1", "2"]),
    ],
)  # fmt: skip
def test_money_of_parquet_keeps_its_digits(shop: Workshop, column: pa.Array, texts: list[str | None]) -> None:
    path = shop.folder / "views.parquet"
    pq.write_table(pa.table({"time": ["2026-11-20T09:00:00Z"] * 2, "product": ["P"] * 2, "price": column}), path)
    assert [event.get("price") for event in events_of(shop, path, VIEW)] == texts


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([1_763_600_000_123_456_789], pa.timestamp("ns")), "2025-11-20T00:53:20.123456+08:00"),
        (pa.array([1_763_600_000], pa.timestamp("s", tz="America/New_York")), "2025-11-19T19:53:20-05:00"),
        (pa.array([dt.date(2026, 11, 20)]), "2026-11-20T00:00:00+08:00"),
    ],
)
def test_times_of_parquet(shop: Workshop, column: pa.Array, text: str) -> None:
    path = shop.folder / "views.parquet"
    pq.write_table(pa.table({"time": column, "product": ["P"], "price": ["1"]}), path)
    mapping = VIEW + '[time]\nzone = "Asia/Shanghai"\n'
    assert [event["occurred_at"] for event in events_of(shop, path, mapping)] == [text]


def test_numbers_of_ndjson_keep_their_text_and_their_type(shop: Workshop) -> None:
    prices = ["2.550", "1e2", "12", '"3.10"', "0.1234567890123456789"]
    lines = [f'{{"time":"2026-11-20T09:00:00Z","product":"P","price":{price}}}\n' for price in prices]
    path = shop.write("views.ndjson", "".join(lines))
    report = shop.run(path, VIEW)
    events = [json.loads(line, parse_float=Decimal) for line in shop.segment(report).splitlines()]
    assert [event["price"] for event in events] == ["2.550", "100", "12", "3.10"]
    assert [event["properties"]["kept"] for event in events] == [Decimal("2.550"), Decimal("1e2"), 12, "3.10"]
    assert [sample.reason for sample in report.refused_sample] == [
        "price: '0.1234567890123456789' has more than 4 decimals; round = 4 would round it"
    ]


NESTED = """
source = "shop"
[input]
explode = "items"
[[event]]
type = "view"
[event.fields]
occurred_at = "{at}"
anonymous_id = "{who.id}"
sku_id = "{items.sku}"
"""


def test_lists_and_structs_of_parquet_are_taken_apart(shop: Workshop) -> None:
    rows = [
        {"at": "2026-11-20T09:00:00Z", "who": {"id": "v1"}, "items": [{"sku": "P1"}, {"sku": "P1"}]},
        {"at": "2026-11-20T09:00:00Z", "who": {"id": "v2"}, "items": []},
    ]
    path = shop.folder / "visits.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    report = shop.run(path, NESTED)
    events = [json.loads(line) for line in shop.segment(report).splitlines()]
    assert [(event["anonymous_id"], event["sku_id"]) for event in events] == [("v1", "P1"), ("v1", "P1")]
    assert len({event["event_id"] for event in events}) == 2, "equal items of one list are two events"
    assert (report.read_count, report.filtered_counts) == (3, {"empty list": 1})


def test_lists_are_not_sought_in_cells(shop: Workshop) -> None:
    path = shop.write("visits.csv", "at,who.id,items.sku,items\n")
    with pytest.raises(UsageError, match=r"explode = 'items' works on NDJSON and Parquet"):
        shop.run(path, NESTED)
