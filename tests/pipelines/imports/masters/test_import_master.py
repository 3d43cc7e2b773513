"""A master: one file becomes the whole table, or the table stays as it was and one line says why."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.imports.masters.import_master import MasterReport, import_master
from pipelines.imports.masters.master_mapping import prepare_master
from schemas.errors import RefusedError, UsageError
from schemas.lake.lake import Lake, create_lake
from schemas.lake.snapshots import current_snapshot, list_snapshots
from schemas.tables.declaration import Table

SKUS = """
[fields]
sku_id = "{code}"
name = "{title}"
price = { column = "price", thousands = "," }
stock_quantity = "{stock}"
currency = "CNY"
is_prescription = { column = "rx", map = { "是" = true, "否" = false } }
"""
ROWS = """code,title,price,stock,rx
YP2,头孢,"1,234.5",,否
YP1,阿莫西林,8,12,是
"""
CUSTOMERS = """
[input]
delimiter = ";"
[time]
format = "%Y/%m/%d"
zone = "Asia/Shanghai"
[[drop]]
name = "test customers"
when = { column = "name", contains = "测试" }
[fields]
customer_id = "{id}"
name = "{name}"
region = "{province}{city}"
registered_at = "{since}"
license_expires_date = "{until}"
"""


def no_audit(table: Table, partitions: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
    return []


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def bring_in(lake: Lake, file: str, content: str | bytes, mapping: str, table: str = "skus") -> MasterReport:
    folder = lake.path.parent
    path, toml = folder / file, folder / "m.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    toml.write_text(mapping, encoding="utf-8")
    return import_master(path, prepare_master(table, str(toml)), lake, no_audit)


def rows(lake: Lake, table: str = "skus") -> list[dict[str, Any]]:
    snapshot = current_snapshot(lake, table)
    assert snapshot is not None
    return [row for path in snapshot.files() for row in pq.ParquetFile(path).read().to_pylist()]


def test_rows_of_the_file_are_the_table_in_the_order_of_the_key(lake: Lake) -> None:
    report = bring_in(lake, "skus.csv", ROWS, SKUS)
    assert (report.read_count, report.row_count, report.is_new) == (2, 2, True)
    nothing = dict.fromkeys(["category_id", "category_name", "brand", "manufacturer", "specification", "is_controlled"])
    nothing |= dict.fromkeys(["license_scope", "sales_area"])
    assert rows(lake) == [
        {"sku_id": "YP1", "name": "阿莫西林", "price": Decimal("8.0000"), "currency": "CNY", "stock_quantity": 12}
        | {"is_prescription": True, **nothing},
        {"sku_id": "YP2", "name": "头孢", "price": Decimal("1234.5000"), "currency": "CNY", "stock_quantity": None}
        | {"is_prescription": False, **nothing},
    ]


def test_any_hive_reader_reads_it(lake: Lake) -> None:
    bring_in(lake, "skus.csv", ROWS, SKUS)
    glob = f"{lake.path}/skus/current/**/*.parquet"
    today = datetime.now(UTC).date()
    (when,) = set(duckdb.connect().execute(f"SELECT imported_date FROM read_parquet('{glob}')").fetchall())
    assert abs((when[0] - today).days) <= 1
    assert pl.read_parquet(glob)["sku_id"].to_list() == ["YP1", "YP2"]


def test_times_dates_and_left_out_rows(lake: Lake) -> None:
    content = "id;name;province;city;since;until\nC1;仁和;浙江;杭州;2020/01/01;2027/12/31\nC0;测试;x;y;2020/01/01;\n"
    report = bring_in(lake, "c.csv", content, CUSTOMERS, "customers")
    assert (report.read_count, report.row_count, report.filtered_counts) == (2, 1, {"test customers": 1})
    assert rows(lake, "customers") == [
        {
            "customer_id": "C1",
            "name": "仁和",
            "region": "浙江杭州",
            "customer_type": None,
            "registered_at": datetime(2019, 12, 31, 16, tzinfo=UTC),
            "license_expires_date": date(2027, 12, 31),
            "license_scope": None,
            "sales_area": None,
        }
    ]


def test_every_format_gives_the_same_table(lake: Lake) -> None:
    mapping = '[fields]\nsku_id = "{sku}"\nname = "{name}"\nprice = "{price}"\nis_controlled = "{controlled}"\n'
    table = [{"sku": "YP1", "name": "阿莫西林", "price": 8.1, "controlled": True}]
    bring_in(lake, "a.ndjson", json.dumps(table[0]), mapping)
    first = rows(lake)
    assert first[0]["price"] == Decimal("8.1000")
    bring_in(lake, "a.tsv", "sku\tname\tprice\tcontrolled\nYP1\t阿莫西林\t8.1\t1\n", mapping)
    assert rows(lake) == first
    pq.write_table(pa.Table.from_pylist(table), lake.path.parent / "a.parquet")
    bring_in(lake, "a.parquet", (lake.path.parent / "a.parquet").read_bytes(), mapping)
    assert rows(lake) == first
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(table[0]))
    book.active.append(list(table[0].values()))
    book.save(lake.path.parent / "a.xlsx")
    bring_in(lake, "a.xlsx", (lake.path.parent / "a.xlsx").read_bytes(), mapping)
    assert rows(lake) == first
    assert len(list_snapshots(lake, "skus")) == 1  # the same rows were never written again


def test_an_import_replaces_the_whole_table_and_the_same_rows_change_nothing(lake: Lake) -> None:
    bring_in(lake, "skus.csv", ROWS, SKUS)
    again = bring_in(lake, "turned.csv", "\n".join(ROWS.splitlines()[i] for i in (0, 2, 1)), SKUS)
    assert not again.is_new
    assert len(list_snapshots(lake, "skus")) == 1
    bring_in(lake, "skus.csv", "code,title,price,stock,rx\nYP9,新,1,1,是\n", SKUS)
    assert [row["sku_id"] for row in rows(lake)] == ["YP9"]
    snapshot = current_snapshot(lake, "skus")
    assert snapshot is not None
    assert len(snapshot.manifest.partitions) == 1


def test_ids_are_those_of_events(lake: Lake) -> None:
    """Decomposed letters are composed, as in events."""
    bring_in(lake, "skus.csv", "code,title,price,stock,rx\ne\u0301,x,,,\n", SKUS)
    assert rows(lake)[0]["sku_id"] == "\u00e9"


@pytest.mark.parametrize(
    ("content", "mapping", "message"),
    [
        (ROWS + "YP1,again,1,1,是\n", SKUS, "skus.csv: sku_id 'YP1' stands in row 2 and again in row 3; skus stays"),
        ("code,title,price,stock,rx\n,x,1,1,是\n", SKUS, "row 1: sku_id has no value; skus stays"),
        (ROWS + "YP3,x,cheap,1,是\n", SKUS, "row 3: price: 'cheap' is not an amount"),
        (ROWS + "YP3,x,1,1,maybe\n", SKUS, "row 3: is_prescription: 'maybe' is not in its map"),
        (ROWS + "YP3,x\n", SKUS, "row 3: "),
        ("code,title,price,stock,rx\n", SKUS, "it holds no row"),
        ("code,name,price,stock,rx\n", SKUS, "has no column 'title'"),
        (ROWS, SKUS + 'colour = "{title}"', "[fields]: unknown column 'colour' of skus; known: sku_id, name"),
        (ROWS, '[fields]\nname = "{title}"', "[fields]: sku_id is missing; every row of skus needs it"),
        (ROWS, SKUS + "[[event]]\n", "unknown key 'event'"),
        (ROWS, SKUS + "[[drop]]\nname = 'x'\nwhen = { colum = 'y' }\n", "unknown key 'colum'; did you mean column?"),
        (ROWS, SKUS + "[input]\nexplode = 'x'\n", "explode: one row of the file is one row of skus"),
        (ROWS, SKUS.replace('"CNY"', '"YUAN"'), "currency: 'YUAN' is longer than 3 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_the_table_stays(lake: Lake, content: str, mapping: str, message: str) -> None:
    bring_in(lake, "skus.csv", "code,title,price,stock,rx\nold,x,1,1,是\n", SKUS)
    with pytest.raises(UsageError) as caught:
        bring_in(lake, "skus.csv", content, mapping)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [row["sku_id"] for row in rows(lake)] == ["old"]


def test_a_column_no_row_of_a_file_without_header_has_is_said(lake: Lake) -> None:
    with pytest.raises(UsageError, match="no row has a value in 'title'; is it the right column"):
        bring_in(lake, "a.ndjson", '{"code": "YP1"}', '[fields]\nsku_id = "{code}"\nname = "{title}"\n')
    assert current_snapshot(lake, "skus") is None


def test_what_the_audit_refuses_is_not_published(lake: Lake) -> None:
    def refuse(table: Table, partitions: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
        raise RefusedError("no")

    bring_in(lake, "skus.csv", ROWS, SKUS)
    file = lake.path.parent / "skus.csv"
    file.write_text(ROWS.replace("YP1", "YP7"))
    with pytest.raises(RefusedError):
        import_master(file, prepare_master("skus", str(lake.path.parent / "m.toml")), lake, refuse)
    assert [row["sku_id"] for row in rows(lake)] == ["YP1", "YP2"]
