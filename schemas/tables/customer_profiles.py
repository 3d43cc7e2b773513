"""`customer_profiles`: one row a customer: what it wants, how it orders, what it spends, and where it stands."""

from dataclasses import replace

import pyarrow as pa

from schemas.tables.customer_lifecycles import LIFECYCLES
from schemas.tables.customer_lifecycles import TABLE as CUSTOMER_LIFECYCLES
from schemas.tables.customers import TABLE as CUSTOMERS
from schemas.tables.declaration import BOOLEAN, COUNT, INSTANT, RATIO, STRING, Check, Column, Table
from schemas.tables.order_value_groups import TABLE as ORDER_VALUE_GROUPS
from schemas.tables.order_value_groups import money_column
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS

STAGES = ("registered", "browsing", *LIFECYCLES)


def _top(name: str, en: str, zh: str) -> Column:
    return Column(name, pa.list_(STRING), f"{en}, strongest first, 10 at most; empty when none", f"{zh}（最多 10 个）")


def _maybe_money(name: str, en: str, zh: str) -> Column:
    return replace(money_column(name, f"{en}; null without a paid order", zh), is_nullable=True)


TABLE = Table(
    name="customer_profiles",
    en="What each customer wants, how it orders, what it spends and where it stands, over the 180 days up to a day",
    zh="客户画像：近 180 天每个客户的需求、采购习惯、消费能力与生命周期阶段",
    grain="one customer, as of one day",
    key=("customer_id",),
    partition="as_of",
    version=1,
    columns=(
        SKU_VIEWERS.column("as_of"),
        SKU_VIEWERS.column("customer_id"),
        *(CUSTOMERS.column(name) for name in ("name", "region", "customer_type", "registered_at")),
        Column(
            "lifecycle",
            STRING,
            "Where the customer stands: registered and no more, browsing without an order, new, active, slowing, dormant "
            "or lost, by its own rhythm of ordering",
            "生命周期：仅注册、仅浏览、新客、活跃、放缓、沉睡、流失，按客户自身下单节奏判定",
            allowed=STAGES,
        ),
        Column(
            "is_stitched",
            BOOLEAN,
            "Some of its visits hold events that were sent without a customer and given to it",
            "访问中是否含身份拼接得出的事件",
        ),
        _top("top_sku_ids", "Products by interest", "最感兴趣的商品"),
        _top("top_category_ids", "Categories by interest", "最感兴趣的类目"),
        _top("top_brands", "Brands by interest", "最感兴趣的品牌"),
        _top("top_queries", "Queries by number of searches", "搜索最多的关键词"),
        _top("viewed_not_ordered_sku_ids", "Products viewed and not ordered", "浏览过但未采购的商品"),
        Column("active_day_count", COUNT, "Days with a visit or an order", "活跃天数（有访问或下单）"),
        Column("session_count", COUNT, "Visits with a view, search, click or favourite", "访问次数（有浏览类行为）"),
        Column(
            "preferred_weekday",
            COUNT,
            "Weekday of most active days, 1 Monday to 7 Sunday; null when never active",
            "最常活跃的星期，1 周一至 7 周日",
            unit="weekday",
            is_nullable=True,
        ),
        Column(
            "preferred_hour",
            COUNT,
            "Hour in which most visits start, 0 to 23 in the lake's time zone; null without a visit",
            "最常访问的小时，0 至 23（湖时区）",
            unit="hour",
            is_nullable=True,
        ),
        Column("order_count", COUNT, "Orders above zero, neither cancelled nor returned", "有效订单数"),
        Column("order_day_count", COUNT, "Days with such an order", "有效下单天数"),
        Column(
            "first_ordered_at",
            INSTANT,
            "First such order of the window; null when none",
            "最早有效下单时间",
            unit="UTC",
            is_nullable=True,
        ),
        replace(
            SKU_VIEWERS.column("last_ordered_at"),
            en="Last such order of the window; null when none",
            zh="最近有效下单时间",
        ),
        CUSTOMER_LIFECYCLES.column("median_order_gap_days"),
        Column(
            "days_since_last_order",
            COUNT,
            "Days from the last order day to as_of; null without an order",
            "距最近下单天数",
            unit="days",
            is_nullable=True,
        ),
        Column("search_order_count", COUNT, "Orders with a line credited to a search", "来自搜索的订单数"),
        Column(
            "search_order_ratio",
            RATIO,
            "search_order_count / order_count; null without an order",
            "来自搜索的订单占比",
            is_nullable=True,
        ),
        ORDER_VALUE_GROUPS.column("currency"),
        ORDER_VALUE_GROUPS.column("paid_order_count"),
        ORDER_VALUE_GROUPS.column("paid_amount"),
        ORDER_VALUE_GROUPS.column("net_paid_amount"),
        _maybe_money("average_order_amount", "paid_amount / paid orders", "笔单价：支付金额 ÷ 支付订单数"),
        _maybe_money("median_order_amount", "Median of the paid orders", "支付订单金额中位数"),
        _maybe_money("p90_order_amount", "90 % of the paid orders are not above this", "支付订单金额 90 分位"),
        Column(
            "skus_per_order",
            RATIO,
            "Average number of different products in a paid order; null without one",
            "平均每单不同商品数",
            unit="products",
            is_nullable=True,
        ),
    ),
    checks=(
        Check("orders_make_the_stage", "(order_count > 0) = (lifecycle NOT IN ('registered', 'browsing'))"),
        Check("search_orders_are_orders", "search_order_count <= order_count"),
        Check("paid_orders_are_orders", "paid_order_count <= order_count"),
        Check("order_days_are_active_days", "order_day_count <= active_day_count"),
        Check("weekday_is_one", "preferred_weekday BETWEEN 1 AND 7"),
        Check("hour_is_one", "preferred_hour BETWEEN 0 AND 23"),
    ),
)
