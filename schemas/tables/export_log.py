"""`export_log`: who was in which list that went out, who was held out of it or removed, and why."""

from dataclasses import replace

import pyarrow as pa

from schemas.tables.customers import TABLE as CUSTOMERS
from schemas.tables.declaration import COUNT, DATE, STRING, Check, Column, Table
from schemas.tables.holdouts import TABLE as HOLDOUTS
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS

OUTCOMES = ("listed", "held_out", "removed")

TABLE = Table(
    name="export_log",
    en="Every company that matched an exported list, and whether it was in the list, held out of it or removed",
    zh="导出记录：每次导出名单中匹配到的客户及其结果（入选、对照、剔除）",
    grain="one company in one export",
    key=("export_id", "customer_id"),
    partition="exported_date",
    version=1,
    columns=(
        Column("exported_date", DATE, "Business day the list went out on", "导出业务日期"),
        Column(
            "export_id",
            STRING,
            "The export; the same definition, data, rules and day have the same",
            "导出编号（相同定义、数据、规则与日期则相同）",
        ),
        Column(
            "export_number", COUNT, "Its place among the exports of the day, from 1", "当日第几次导出", unit="place"
        ),
        Column("audience", STRING, "Name of the list's definition", "名单名称"),
        SKU_VIEWERS.column("as_of"),
        CUSTOMERS.column("customer_id"),
        Column(
            "outcome",
            STRING,
            "In the list, or in it but for the holdout, or neither",
            "结果：入选、对照、剔除",
            allowed=OUTCOMES,
        ),
        Column(
            "removed_by",
            STRING,
            "The first rule that removed a row of it; null when it is in the list",
            "剔除规则；入选为空",
            is_nullable=True,
        ),
        Column(
            "sku_ids",
            pa.list_(STRING),
            "The products it was listed with, or would have been but for the holdout; empty when none",
            "随名单推荐的商品（对照组为本应推荐的商品），无则为空",
        ),
        Column("matched_row_count", COUNT, "Rows of it that met the definition's conditions", "匹配行数"),
        Column("listed_row_count", COUNT, "Rows of it in the list", "入选行数"),
        Column("removed_row_count", COUNT, "Rows of it that were removed or held out", "剔除行数（含对照）"),
        replace(HOLDOUTS.column("draw_id"), en="The draw of the holdout; null when there was none", is_nullable=True),
        replace(
            HOLDOUTS.column("group_number"),
            en="Its order-value group as of the day; null without a paid order",
            zh="统计日的客单价层级，未付款为空",
        ),
    ),
    checks=(
        Check("rows_add_up", "listed_row_count + removed_row_count = matched_row_count"),
        Check("listed_has_rows", "(outcome = 'listed') = (listed_row_count > 0)"),
        Check("removed_has_rule", "(outcome = 'listed') = (removed_by IS NULL)"),
        Check("held_out_says_so", "outcome <> 'held_out' OR removed_by = 'held_out'"),
        Check("export_number_from_one", "export_number >= 1"),
    ),
)
