"""Files: the same rows in every format, the same bytes each time, and nothing in them that does harm."""

import csv
import json
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maidian.audiences import remembered
from maidian.audiences.list_files import Format, write_list
from maidian.audiences.safe_text import FORMULA_START, without_formula, without_phone_numbers
from maidian.audiences.sources.source import ListColumn
from schemas.tables.declaration import MONEY

COLUMNS = (
    ListColumn("customer_id", pa.string(), "customer", "客户编号"),
    ListColumn("customer_name", pa.string(), "name", "客户名称"),
    ListColumn("view_count", pa.int64(), "views", "浏览次数"),
    ListColumn("is_favorited", pa.bool_(), "favourited", "已收藏"),
    ListColumn("gap_amount", MONEY, "lacks", "差额"),
    ListColumn("last_looked_date", pa.date32(), "last looked", "最近关注"),
    ListColumn("score", pa.float64(), "interest", "兴趣分"),
)
ROWS: list[Sequence[Any]] = [
    ["C1", "苏州泰善大药房", 3, True, Decimal("12.5000"), date(2026, 11, 20), 1.5],
    ["C2", '带"引号",和逗号;分号', 0, False, Decimal("0.0125"), None, None],
    ["C3", None, -1, False, Decimal("-3.0000"), date(2026, 1, 2), 0.25],
]
FORMATS: tuple[Format, ...] = get_args(Format)


def written(path: Path, shape: Format, rows: list[Sequence[Any]], language: Any = "en") -> bytes:
    assert write_list(path, COLUMNS, iter(rows), shape, language) == len(rows)
    return path.read_bytes()


@pytest.mark.parametrize("shape", FORMATS)
def test_the_same_rows_make_the_same_bytes_at_another_time(shape: Format, tmp_path: Path) -> None:
    first = written(tmp_path / f"one.{shape}", shape, ROWS)
    time.sleep(2.1)  # a ZIP counts in steps of two seconds
    assert written(tmp_path / f"two.{shape}", shape, ROWS) == first
    assert written(tmp_path / f"three.{shape}", shape, ROWS[:2]) != first


@pytest.mark.parametrize("shape", FORMATS)
def test_a_list_without_rows_is_a_file_of_its_format(shape: Format, tmp_path: Path) -> None:
    assert (written(tmp_path / f"none.{shape}", shape, []) == b"") == (shape == "ndjson")


def test_csv_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    raw = written(tmp_path / "list.csv", "csv", ROWS, "zh")
    assert raw.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["客户编号", "客户名称", "浏览次数", "已收藏", "差额", "最近关注", "兴趣分"],
            ["C1", "苏州泰善大药房", "3", "是", "12.50", "2026-11-20", "1.5"],
            ["C2", '带"引号",和逗号;分号', "0", "否", "0.0125", "", ""],
            ["C3", "", "-1", "否", "-3.00", "2026-01-02", "0.25"],
        ]


def test_xlsx_holds_numbers_and_dates(tmp_path: Path) -> None:
    written(tmp_path / "list.xlsx", "xlsx", ROWS)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(column.en for column in COLUMNS)
    assert rows[1][:5] == ("C1", "苏州泰善大药房", 3, "yes", 12.5)
    assert rows[1][5].date() == date(2026, 11, 20)
    assert rows[2][5:] == (None, None)
    assert sheet.freeze_panes == "A2"


def test_parquet_and_ndjson_hold_values_as_they_are(tmp_path: Path) -> None:
    written(tmp_path / "list.parquet", "parquet", ROWS)
    table = pq.read_table(tmp_path / "list.parquet")
    assert table.to_pylist() == [dict(zip(table.column_names, row, strict=True)) for row in ROWS]
    lines = written(tmp_path / "list.ndjson", "ndjson", ROWS).decode().splitlines()
    assert json.loads(lines[0]) == {
        "customer_id": "C1",
        "customer_name": "苏州泰善大药房",
        "view_count": 3,
        "is_favorited": True,
        "gap_amount": "12.5000",
        "last_looked_date": "2026-11-20",
        "score": 1.5,
    }


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    "\ufeff=1",
    "\u200b=1",
    "\x00=1",
]


@pytest.mark.parametrize("text", [*FORMULAS, "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example","点我")', "\tplain"])
def test_no_formula_starts_in_a_text(text: str, tmp_path: Path) -> None:
    row = [text, text, 1, False, Decimal(1), None, None]
    written(tmp_path / "list.csv", "csv", [row])
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.reader(file))[1]
    written(tmp_path / "list.xlsx", "xlsx", [row])
    (_, sheet_row) = openpyxl.load_workbook(tmp_path / "list.xlsx").active.iter_rows()
    for cell in (*cells[:2], *(each.value for each in sheet_row[:2])):
        assert str(cell).startswith("'")
    assert {each.data_type for each in sheet_row[:2]} == {"s"}


@settings(max_examples=50)
@given(st.text(max_size=20))
def test_what_is_left_starts_no_formula_and_plain_texts_stay(text: str) -> None:
    safe = without_formula(text)
    assert not FORMULA_START.match(safe)
    assert safe in (text, f"'{text}")
    assert (safe == text) == (FORMULA_START.match(text) is None)
    if text.strip() == text and text[:1].isalnum():
        assert safe == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812345678", "138****5678"),
        ("张三 13812345678，李四 19900001111", "张三 138****5678，李四 199****1111"),
        ("+8613812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("008613812345678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("电话13812345678号", "电话138****5678号"),
        ("138123456789", "138123456789"),
        ("6901234567892", "6901234567892"),
        ("12812345678", "12812345678"),
        ("C100001 板蓝根颗粒 10g*20袋", "C100001 板蓝根颗粒 10g*20袋"),
        ("0571-88123456", "0571-88123456"),
    ],
)
def test_mobile_numbers_are_masked(text: str, masked: str) -> None:
    assert without_phone_numbers(text, "mask", "salt") == masked
    assert without_phone_numbers(text, "keep", "salt") == text


def test_hashed_numbers_tell_equal_ones_apart_and_nothing_else() -> None:
    one = without_phone_numbers("13812345678", "hash", "salt")
    assert one == without_phone_numbers("+86 138 1234 5678", "hash", "salt")
    assert one != without_phone_numbers("13812345678", "hash", "other")
    assert one != without_phone_numbers("13812345679", "hash", "salt")
    assert one.startswith("phone:")
    assert "1381234" not in one


def test_words_of_closed_sets_are_chinese_for_people_and_as_they_are_for_programs(tmp_path: Path) -> None:
    columns = (
        ListColumn("customer_type", pa.string(), "type", "客户类型"),
        ListColumn("lifecycle", pa.string(), "lifecycle", "生命周期"),
    )
    rows = [["clinic", "dormant"], ["我们自己的说法", None], [None, "new"]]
    written: dict[str, str] = {}
    for shape, language in (("csv", "zh"), ("csv", "en"), ("ndjson", "zh")):
        path = tmp_path / f"{language}.{shape}"
        write_list(path, columns, rows, shape, language)  # type: ignore[arg-type]
        written[path.name] = path.read_text("utf-8-sig")
    assert written["zh.csv"].splitlines()[1:] == ['"诊所","沉睡"', '"我们自己的说法",""', '"","新客"']
    assert '"clinic","dormant"' in written["en.csv"]
    assert json.loads(written["zh.ndjson"].splitlines()[0]) == {"customer_type": "clinic", "lifecycle": "dormant"}


def test_what_is_remembered_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 10)
    doubled = remembered.Remembered[int, int](lambda value: value * 2)
    assert [doubled[value] for value in [*range(25), 3]] == [value * 2 for value in [*range(25), 3]]
    assert len(doubled) <= 10
