"""`order_lines`: one row a line of an order, as the order's latest status leaves it."""

from dataclasses import replace

from schemas.tables.declaration import (
    BOOLEAN,
    COUNT,
    DATE,
    INSTANT,
    MONEY,
    STRING,
    UNIT_MONEY,
    Check,
    Column,
    Table,
)
from schemas.tables.order_events import TABLE as ORDER_EVENTS

TABLE = Table(
    name="order_lines",
    en="Every line of every order, once, in the order's latest state",
    zh="订单明细：每个订单的每一行，取订单最新状态",
    grain="one line of one order",
    key=("order_id", "line_number"),
    partition="event_date",
    version=3,
    columns=(
        Column("event_date", DATE, "Business day of ordered_at in the lake's time zone", "下单业务日期（湖时区）"),
        ORDER_EVENTS.column("order_id"),
        Column(
            "line_number", COUNT, "Place of the line in the order as given, from 1", "订单行号，从 1 起", unit="place"
        ),
        replace(
            ORDER_EVENTS.column("status"), en="Status of the order's last event", zh="订单最新状态（最后一次事件）"
        ),
        Column("ordered_at", INSTANT, "First `placed` event, else the order's first event", "下单时间", unit="UTC"),
        Column(
            "is_placed",
            BOOLEAN,
            "The order has a `placed` event; else ordered_at is a guess",
            "是否有下单事件；无则下单时间为推断",
        ),
        Column("paid_at", INSTANT, "First `paid` event; null when none", "付款时间", unit="UTC", is_nullable=True),
        ORDER_EVENTS.column("customer_id"),
        Column(
            "is_stitched",
            BOOLEAN,
            "No event of the order was sent with a customer_id; it was found by session or device",
            "客户是否由会话或设备拼接得出（订单各事件均无客户编号）",
        ),
        ORDER_EVENTS.column("buyer_id"),
        ORDER_EVENTS.column("anonymous_id"),
        ORDER_EVENTS.column("placed_by"),
        ORDER_EVENTS.column("channel"),
        ORDER_EVENTS.column("landing_source"),
        Column("sku_id", STRING, "The product ordered", "商品编码"),
        Column("quantity", COUNT, "Units ordered; negative on a credit note", "数量，红字单为负", unit="pieces"),
        Column("unit_price", UNIT_MONEY, "Price of one unit before the discount", "单价", unit="currency"),
        Column(
            "discount", UNIT_MONEY, "Taken off the whole line; 0 when none was given", "行折扣金额", unit="currency"
        ),
        Column("amount", MONEY, "quantity x unit_price - discount, exact", "行金额（净额）", unit="currency"),
        ORDER_EVENTS.column("currency"),
        ORDER_EVENTS.column("campaign_ids"),
        ORDER_EVENTS.column("coupon_ids"),
        Column(
            "search_id",
            STRING,
            "The one search the line is credited to; null when none",
            "归因搜索编号（唯一）",
            is_nullable=True,
        ),
        Column(
            "search_attribution",
            STRING,
            "How sure the credit is: exact (the line, or its click in the same session, carries the search_id) or "
            "windowed (the last search click on the product in the 7 days before)",
            "搜索归因方式：exact 精确，windowed 七日窗口",
            is_nullable=True,
            allowed=("exact", "windowed"),
        ),
        Column(
            "is_sale",
            BOOLEAN,
            "The order is neither cancelled nor returned; gross sales = the sum of amount where is_sale",
            "是否有效销售（未取消且未退货）；销售总额 = is_sale 行 amount 之和",
        ),
        Column(
            "net_sales_amount",
            MONEY,
            "amount of a sale; of a credit note (a returned order whose lines sum below zero) its negative amount; "
            "else 0. Sales net of returns = the sum of net_sales_amount",
            "净销售额：有效销售取 amount，红字单（退货且合计为负）取其负数金额，其余为 0；合计即扣除退货后的销售额",
            unit="currency",
        ),
    ),
    checks=(
        Check("amount_is_exact", "amount = quantity * unit_price - discount"),
        Check("credit_says_how", "(search_id IS NULL) = (search_attribution IS NULL)"),
        Check("sale_counts_whole", "NOT is_sale OR net_sales_amount = amount"),
        Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),
    ),
)
