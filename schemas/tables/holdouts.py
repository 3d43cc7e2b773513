"""`holdouts`: the companies that are left out of every list, and those that are not, so that effect can be measured."""

from schemas.tables.customers import TABLE as CUSTOMERS
from schemas.tables.declaration import BOOLEAN, COUNT, DATE, STRING, Column, Table

TABLE = Table(
    name="holdouts",
    en="For every company, whether it is held out of the lists that are exported; drawn once and kept",
    zh="对照组：每个客户是否不发送营销名单，抽定后不再改变",
    grain="one company in one draw",
    key=("draw_id", "customer_id"),
    partition="assigned_date",
    version=1,
    columns=(
        Column("assigned_date", DATE, "Business day of the export that first met the company", "抽取业务日期"),
        Column("draw_id", STRING, "The draw: another salt or share makes another", "抽样批次（盐值与比例决定）"),
        CUSTOMERS.column("customer_id"),
        Column(
            "group_number",
            COUNT,
            "Its order-value group on that day, within which the share was kept; null without a paid order",
            "抽取时的客单价层级，未付款为空",
            unit="place",
            is_nullable=True,
        ),
        Column("is_held_out", BOOLEAN, "Left out of every list while the draw holds", "是否对照组（不发送）"),
    ),
)
