"""`customer_lifecycles`: where each customer who orders stood at the end of a day, by its own rhythm."""

from dataclasses import replace

from schemas.tables.declaration import COUNT, DATE, RATIO, STRING, Check, Column, Table
from schemas.tables.order_lines import TABLE as ORDER_LINES
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS

LIFECYCLES = ("new", "active", "slowing", "dormant", "lost")

_GAP = Column(
    "median_order_gap_days",
    RATIO,
    "Median days from one order day to the next; null with fewer than two",
    "下单间隔天数中位数",
    unit="days",
    is_nullable=True,
)

TABLE = Table(
    name="customer_lifecycles",
    en="Where each customer who ordered in the 180 days up to a day stood at its end, by its own rhythm of ordering",
    zh="客户生命周期：近 180 天有下单的客户按自身下单节奏所处的阶段",
    grain="one customer with an order, at the end of one day",
    key=("customer_id",),
    partition="event_date",
    version=1,
    columns=(
        replace(
            ORDER_LINES.column("event_date"),
            en="The day at whose end the customer stood there",
            zh="统计业务日期（当日结束时）",
        ),
        SKU_VIEWERS.column("customer_id"),
        Column(
            "lifecycle",
            STRING,
            "new, active, slowing, dormant or lost, by how late the next order is",
            "生命周期：新客、活跃、放缓、沉睡、流失，按下次下单的逾期程度判定",
            allowed=LIFECYCLES,
        ),
        Column(
            "order_day_count", COUNT, "Days with an order above zero, neither cancelled nor returned", "有效下单天数"
        ),
        Column("last_order_date", DATE, "The last of them", "最近有效下单日"),
        Column("days_since_last_order", COUNT, "Days from it to event_date", "距最近下单天数", unit="days"),
        _GAP,
        replace(
            _GAP,
            name="rhythm_days",
            en="What the lifecycle is judged by: the customer's own median, or that of all, and at least a week",
            zh="判定所用的下单节奏：客户自身中位数，不足三天下单者取全体中位数，至少 7 天",
            is_nullable=False,
        ),
    ),
    checks=(
        Check("has_ordered", "order_day_count >= 1"),
        Check("gap_takes_two", "(order_day_count >= 2) = (median_order_gap_days IS NOT NULL)"),
        Check("rhythm_is_a_week_at_least", "rhythm_days >= 7"),
        Check("active_has_a_rhythm", "lifecycle <> 'active' OR order_day_count >= 3"),
    ),
)
