"""`skus`: the master of products, as the ERP last exported it; `maidian import --as skus` replaces it whole."""

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, STRING, UNIT_MONEY, Column, Table


def _text(name: str, en: str, zh: str) -> Column:
    return Column(name, STRING, f"{en}; null when not known", zh, is_nullable=True)


TABLE = Table(
    name="skus",
    en="Every product of the shop, as last imported: names, shelf, brand, price, stock",
    zh="商品主数据：最近一次导入的商品名称、类目、品牌、价格与库存",
    grain="one product",
    key=("sku_id",),
    partition="imported_date",
    version=1,
    columns=(
        Column("imported_date", DATE, "Business day of the import; the table has one", "导入业务日期（全表唯一）"),
        Column("sku_id", STRING, "The product", "商品编码"),
        _text("name", "What the product is called", "商品名称"),
        _text("category_id", "The shelf it stands on", "类目编号"),
        _text("category_name", "What the shelf is called", "类目名称"),
        _text("brand", "Its brand", "品牌"),
        _text("manufacturer", "Who makes it", "生产企业"),
        _text("specification", "Strength and pack size", "规格"),
        Column("price", UNIT_MONEY, "List price of one unit", "目录单价", unit="currency", is_nullable=True),
        _text("currency", "Currency of price, ISO 4217", "币种"),
        Column("stock_quantity", COUNT, "Units in stock at the export", "库存数量", unit="pieces", is_nullable=True),
        Column("is_prescription", BOOLEAN, "Sold on prescription only", "是否处方药", is_nullable=True),
        Column("is_controlled", BOOLEAN, "Needs a licence of its own to buy", "是否特殊管理药品", is_nullable=True),
        Column(
            "license_scope",
            STRING,
            "What a licence must name for a customer to buy it, several with ; between; null when any licence will do",
            "购买所需的经营范围，多个用分号隔开；空为不限",
            is_nullable=True,
        ),
        Column(
            "sales_area",
            STRING,
            "Where it may be sold, several with ; between; null when everywhere",
            "可销售区域，多个用分号隔开；空为不限",
            is_nullable=True,
        ),
    ),
)
