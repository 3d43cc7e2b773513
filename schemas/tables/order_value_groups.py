"""`order_value_groups`: what each customer usually spends in an order, the group of those alike, and the next step up."""

from schemas.tables.declaration import COUNT, INSTANT, MONEY, STRING, Check, Column, Table
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS


def money_column(name: str, en: str, zh: str) -> Column:
    """An amount that is always there."""
    return Column(name, MONEY, en, zh, unit="currency")


TABLE = Table(
    name="order_value_groups",
    en="What each customer usually spends in an order, the group of customers who spend alike, and its next step up",
    zh="客单价分层：每个客户的常规订单金额、所在层及下一档门槛",
    grain="one customer with a paid order, as of one day",
    key=("customer_id",),
    partition="as_of",
    version=1,
    columns=(
        SKU_VIEWERS.column("as_of"),
        SKU_VIEWERS.column("customer_id"),
        Column(
            "currency",
            STRING,
            "Currency of the amounts; null when the orders have none, or several",
            "币种；无或多币种时为空",
            is_nullable=True,
        ),
        money_column("net_paid_amount", "paid_amount less credit notes", "净支付金额（扣除退货）"),
        money_column("paid_amount", "Sum of the paid orders of the window", "支付金额"),
        Column("paid_order_count", COUNT, "Paid orders above zero", "支付订单数"),
        Column("paid_day_count", COUNT, "Days with a paid order", "有支付订单的天数"),
        money_column("average_order_amount", "paid_amount / paid orders", "笔单价：支付金额 ÷ 支付订单数"),
        money_column(
            "amount_per_active_day", "paid_amount / days with a paid order", "客单价：支付金额 ÷ 有支付订单的天数"
        ),
        money_column(
            "usual_order_amount",
            "Trimmed mean of the last paid orders, 10 at most",
            "常规订单金额：最近 10 笔支付订单的截尾均值",
        ),
        Column("last_ordered_at", INSTANT, "Last paid order of the window", "最近一次支付订单的下单时间", unit="UTC"),
        Column("group_number", COUNT, "The group, 1 the one of the smallest orders", "层级，1 为最低", unit="place"),
        Column("group_customer_count", COUNT, "Customers in the group", "本层客户数"),
        money_column("group_least_amount", "Smallest usual order in the group", "本层常规订单金额下界"),
        money_column("group_greatest_amount", "Greatest usual order in the group", "本层常规订单金额上界"),
        money_column("group_p50_amount", "Half the group's usual orders are not above this", "本层常规订单金额中位数"),
        money_column(
            "group_p60_amount", "60 % of the group's usual orders are not above this", "本层常规订单金额 60 分位"
        ),
        money_column(
            "group_p70_amount", "70 % of the group's usual orders are not above this", "本层常规订单金额 70 分位"
        ),
        money_column(
            "group_threshold_amount",
            "The next step up: the lowest price point above group_p60_amount",
            "下一档门槛：高于本层 60 分位的最低价位",
        ),
        money_column("gap_amount", "What the usual order lacks to it; 0 when it is there", "距门槛差额，已达到为 0"),
    ),
    checks=(
        Check("usual_order_in_its_group", "usual_order_amount BETWEEN group_least_amount AND group_greatest_amount"),
        Check("threshold_above_the_middle", "group_threshold_amount > group_p60_amount"),
        Check("net_not_above_paid", "net_paid_amount <= paid_amount"),
    ),
)
