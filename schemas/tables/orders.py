"""`orders`: one row an order, its lines summed; marts about money look back over these."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, COUNT, MONEY, Check, Column, Table
from schemas.tables.order_lines import TABLE as ORDER_LINES

# What is the same on every line of an order.
OF_THE_ORDER = (
    "status",
    "ordered_at",
    "is_placed",
    "paid_at",
    "customer_id",
    "is_stitched",
    "buyer_id",
    "anonymous_id",
    "placed_by",
    "channel",
    "landing_source",
    "currency",
    "campaign_ids",
    "coupon_ids",
    "is_sale",
)

TABLE = Table(
    name="orders",
    en="Every order, once, in its latest state: its lines counted and summed",
    zh="订单：每个订单一行，取最新状态，汇总其全部明细行",
    grain="one order",
    key=("order_id",),
    partition="event_date",
    version=1,
    columns=(
        *(ORDER_LINES.column(name) for name in ("event_date", "order_id", *OF_THE_ORDER)),
        Column("line_count", COUNT, "Lines of the order", "订单行数"),
        Column("sku_count", COUNT, "Different products on its lines", "订单中不同商品数"),
        Column("quantity", COUNT, "Units on its lines; negative on a credit note", "总数量，红字单为负", unit="pieces"),
        Column("discount", MONEY, "Taken off its lines together", "折扣合计（各行折扣之和）", unit="currency"),
        Column(
            "amount",
            MONEY,
            "What the order comes to: sum of its lines' amounts",
            "订单金额（净额合计）",
            unit="currency",
        ),
        replace(
            ORDER_LINES.column("net_sales_amount"),
            en="amount of a sale; of a credit note (a returned order that comes to less than zero) its negative amount; "
            "else 0. Sales net of returns = the sum of net_sales_amount",
            zh="净销售额：有效销售取 amount，红字单（退货且合计为负）取其负数金额，其余为 0；合计即扣除退货后的销售额",
        ),
        Column(
            "is_from_search",
            BOOLEAN,
            "At least one line is credited to a search, exact or windowed",
            "是否有订单行归因于搜索（含精确与七日窗口）",
        ),
    ),
    checks=(
        Check("an_order_has_lines", "sku_count BETWEEN 1 AND line_count"),
        Check("sale_by_its_status", "is_sale = (status NOT IN ('cancelled', 'returned'))"),
        Check("sale_counts_whole", "NOT is_sale OR net_sales_amount = amount"),
        Check(
            "only_credit_notes_lessen",
            "is_sale OR net_sales_amount = 0 OR (status = 'returned' AND amount < 0 AND net_sales_amount = amount)",
        ),
        Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),
    ),
)
