"""Where companies stand, with the products they are most interested in: who browsed and never ordered, who is dormant.

A row is a company and one of its products, or a company alone where it has none or none is asked for.
"""

from typing import Any

import pyarrow as pa

from maidian.audiences.definition import ProfileAudience
from maidian.audiences.sources.source import ListColumn, Row, Source
from maidian.options import Language
from schemas.tables.declaration import COUNT

MATCHED = """
    SELECT p.customer_id, i.entity_id AS sku_id, p.lifecycle AS stage, p.session_count, p.order_count,
        p.days_since_last_order, i.rank AS interest_rank, i.score
    FROM customer_profiles AS p LEFT JOIN customer_interests AS i
        ON i.customer_id = p.customer_id AND i.entity_type = 'sku' AND i.rank <= $interests::INTEGER
    WHERE p.session_count >= $least_visits::INTEGER
        AND ($last_order_at_least_days::INTEGER IS NULL OR p.days_since_last_order >= $last_order_at_least_days::INTEGER)
        AND ($last_order_at_most_days::INTEGER IS NULL OR p.days_since_last_order <= $last_order_at_most_days::INTEGER)
        AND (NOT $never_ordered OR (p.order_count = 0 AND NOT EXISTS (
            FROM customer_sku_days AS d
            WHERE d.customer_id = p.customer_id AND d.order_line_count > 0 AND d.event_date <= $as_of
        )))
"""

STAGES = {
    "registered": ("has registered and no more", "仅注册"),
    "browsing": ("is browsing", "浏览未购"),
    "new": ("is new", "新客"),
    "active": ("is active", "活跃"),
    "slowing": ("is slowing down", "放缓"),
    "dormant": ("is dormant", "沉睡"),
    "lost": ("is lost", "流失"),
}


def reason(row: Row, conditions: Any, language: Language) -> str:
    """The company's stage, its visits, its last order, and the place of the product among its interests."""
    is_zh = language == "zh"
    visits, days, rank = row["session_count"], row["days_since_last_order"], row["interest_rank"]
    stage = STAGES[row["stage"]][is_zh]
    if is_zh:
        ordered = f"，{days} 天未下单" if days is not None else "，从未下单" if conditions.never_ordered else "，未下单"
        return f"{stage}，访问 {visits} 次{ordered}" + (f"；该商品为其第 {rank} 兴趣" if rank else "")
    came = f"{visits} visit{'s' * (visits != 1)}"
    ordered = (
        f"last ordered {days} day{'s' * (days != 1)} ago"
        if days is not None
        else "never ordered"
        if conditions.never_ordered
        else "no order of late"
    )
    return f"The company {stage}: {came}, {ordered}" + (f"; the product is number {rank} of its interests" * bool(rank))


SOURCE = Source(
    name="customer_profiles",
    shape=ProfileAudience,
    tables=("customer_profiles", "customer_interests", "customer_sku_days"),
    matched=MATCHED,
    columns=(
        ListColumn("session_count", COUNT, "visits", "访问次数"),
        ListColumn("order_count", COUNT, "orders", "订单数"),
        ListColumn("days_since_last_order", COUNT, "days since last order", "距最近下单天数"),
        ListColumn("interest_rank", COUNT, "place among its interests", "兴趣排名"),
        ListColumn("score", pa.float64(), "interest", "兴趣分"),
    ),
    orders=("session_count", "order_count", "days_since_last_order", "interest_rank", "score"),
    default_order=("score desc",),
    reason=reason,
    reason_reads=("stage", "session_count", "days_since_last_order", "interest_rank"),
)
