"""Whose usual order lacks a little to the next threshold of its order-value group. A row is a company."""

from decimal import Decimal
from typing import Any

from maidian.audiences.definition import ValueGroupAudience
from maidian.audiences.sources.source import ListColumn, Row, Source
from maidian.options import Language
from schemas.tables.declaration import COUNT, DATE, MONEY, STRING

MATCHED = """
    SELECT g.customer_id, NULL::VARCHAR AS sku_id, g.group_number AS value_group, g.usual_order_amount,
        g.group_threshold_amount, g.gap_amount, g.currency, g.last_ordered_at::DATE AS last_ordered_date
    FROM order_value_groups AS g
    WHERE g.gap_amount > 0 AND g.gap_amount <= $gap_at_most::BIGINT
        AND (len($group_numbers::BIGINT[]) = 0 OR list_contains($group_numbers::BIGINT[], g.group_number))
        AND ($ordered_within_days::INTEGER IS NULL
            OR g.last_ordered_at::DATE > $as_of - $ordered_within_days::INTEGER)
"""


def reason(row: Row, _conditions: Any, language: Language) -> str:
    """What the company usually spends, and what that lacks to which threshold."""
    currency = row["currency"] or ""
    usual, threshold, gap = (
        _money(row[name], currency) for name in ("usual_order_amount", "group_threshold_amount", "gap_amount")
    )
    if language == "zh":
        return f"常规订单 {usual}，距下一档门槛 {threshold} 差 {gap}"
    return f"Its usual order of {usual} lacks {gap} to the next threshold of {threshold}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}".rstrip()


SOURCE = Source(
    name="order_value_groups",
    shape=ValueGroupAudience,
    tables=("order_value_groups",),
    matched=MATCHED,
    columns=(
        ListColumn("value_group", COUNT, "order-value group", "客单价层级"),
        ListColumn("usual_order_amount", MONEY, "usual order", "常规订单金额"),
        ListColumn("group_threshold_amount", MONEY, "next threshold", "下一档门槛"),
        ListColumn("gap_amount", MONEY, "lacks", "差额"),
        ListColumn("currency", STRING, "currency", "币种"),
        ListColumn("last_ordered_date", DATE, "last order", "最近下单"),
    ),
    orders=("gap_amount", "usual_order_amount", "last_ordered_date", "value_group"),
    default_order=("gap_amount asc",),
    reason=reason,
    reason_reads=("usual_order_amount", "group_threshold_amount", "gap_amount", "currency"),
)
