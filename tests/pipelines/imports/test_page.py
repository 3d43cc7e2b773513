"""docs/import.md keeps its word: its mapping works, and every key a mapping may have is on it."""

import json
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from pipelines.imports.mapping import Condition, DropRule, EventMapping, Expression, InputFile, Mapping, Time
from pipelines.imports.masters.import_master import import_master
from pipelines.imports.masters.master_mapping import prepare_master
from schemas.lake.lake import create_lake
from tests.pipelines.imports.small_mappings import Workshop

PAGE = (Path(__file__).parents[3] / "docs" / "import.md").read_text("utf-8")

EXPORT = """单号;下单时间;客户编号;客户名称;状态;商品编码;数量;单价;仓库
DD1;2026/11/20 09:30;C1;仁和药房;已付款;YP1;2.0;1,234.50;一号
DD1;2026/11/20 09:30;C1;仁和药房;已付款;YP2;1;8;一号
DD2;2026/11/20 09:31;C2;测试药房;已付款;YP2;1;8;一号
DD3;2026/11/20 09:32;C3;康泰药房;待审核;YP2;1;8;二号
"""


def test_mapping_of_the_page_takes_an_export_in(tmp_path: Path) -> None:
    example, _of_a_master = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    shop = Workshop(tmp_path)
    report = shop.run(shop.write("订单.csv", EXPORT.encode("gb18030")), example)
    (event,) = [json.loads(line) for line in shop.segment(report).splitlines()]
    assert len(event.pop("event_id")) == 32
    assert event == {
        "event_type": "order",
        "occurred_at": "2026-11-20T09:30:00+08:00",
        "customer_id": "C1",
        "channel": "erp",
        "order_id": "DD1",
        "status": "paid",
        "lines": [
            {"sku_id": "YP1", "quantity": 2, "unit_price": "1234.50"},
            {"sku_id": "YP2", "quantity": 1, "unit_price": "8"},
        ],
        "properties": {"warehouse": "一号"},
    }
    assert report.filtered_counts == {"test customers": 1}
    assert [(each.row, each.reason) for each in report.refused_sample] == [(4, "status: '待审核' is not in its map")]


@pytest.mark.parametrize("table", [Mapping, InputFile, Time, DropRule, EventMapping, Expression, Condition])
def test_every_key_of_a_mapping_is_on_the_page(table: type[msgspec.Struct]) -> None:
    words = set(re.findall(r"\w+", PAGE))
    described = msgspec.inspect.type_info(table)
    assert isinstance(described, msgspec.inspect.StructType)
    assert {field.encode_name for field in described.fields} - {"description"} <= words


PRODUCTS = """商品编码,通用名,规格,类目,品牌,批发价,库存,处方药,特殊管理,所需经营范围,可售区域
YP1,阿莫西林胶囊,0.25g*24粒,K1,-,"1,234.50",12.0,是,否,抗生素制剂,浙江;上海
"""


def test_mapping_of_a_master_on_the_page_takes_an_export_in(tmp_path: Path) -> None:
    _, example = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file, mapping = tmp_path / "商品.csv", tmp_path / "products.toml"
    file.write_bytes(PRODUCTS.encode("gb18030"))
    mapping.write_text(example, encoding="utf-8")
    lake = create_lake(tmp_path / "lake")
    import_master(file, prepare_master("skus", str(mapping)), lake, lambda _table, _partitions: [])
    (path,) = (lake.path / "skus" / "current").glob("*/*.parquet")
    assert pq.ParquetFile(path).read().to_pylist() == [
        {
            "sku_id": "YP1",
            "name": "阿莫西林胶囊 0.25g*24粒",
            "category_id": "K1",
            "category_name": None,
            "brand": None,
            "manufacturer": None,
            "specification": None,
            "price": Decimal("1234.5000"),
            "currency": "CNY",
            "stock_quantity": 12,
            "is_prescription": True,
            "is_controlled": False,
            "license_scope": "抗生素制剂",
            "sales_area": "浙江;上海",
        }
    ]
