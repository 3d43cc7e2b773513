"""`customers`: the master of buying companies, as last exported; `maidian import --as customers` replaces it whole."""

from schemas.tables.declaration import DATE, INSTANT, STRING, Column, Table


def _text(name: str, en: str, zh: str) -> Column:
    return Column(name, STRING, f"{en}; null when not known", zh, is_nullable=True)


TABLE = Table(
    name="customers",
    en="Every buying company, as last imported: name, region, kind, when it registered",
    zh="客户主数据：最近一次导入的客户名称、地区、类型与注册时间",
    grain="one customer",
    key=("customer_id",),
    partition="imported_date",
    version=1,
    columns=(
        Column("imported_date", DATE, "Business day of the import; the table has one", "导入业务日期（全表唯一）"),
        Column("customer_id", STRING, "The buying company", "客户编号（采购企业）"),
        _text("name", "What the company is called", "客户名称"),
        _text("region", "Where it is", "地区"),
        _text("customer_type", "What kind of company it is, in the shop's own words", "客户类型"),
        Column(
            "registered_at",
            INSTANT,
            "When it registered with the shop; null when not known",
            "注册时间",
            unit="UTC",
            is_nullable=True,
        ),
        Column(
            "license_expires_date",
            DATE,
            "Last day its licence to buy is good for; null when not known",
            "经营许可证有效期至",
            is_nullable=True,
        ),
        Column(
            "license_scope",
            STRING,
            "What its licence lets it buy, several with ; between; null when not known",
            "经营范围，多个用分号隔开",
            is_nullable=True,
        ),
        Column(
            "sales_area",
            STRING,
            "The sales area it belongs to, several with ; between; null when not known",
            "所属销售区域，多个用分号隔开",
            is_nullable=True,
        ),
    ),
)
