"""A value of a table as people read it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from maidian.options import Language

YES_NO: dict[Language, tuple[str, str]] = {"en": ("yes", "no"), "zh": ("是", "否")}
# Closed sets of values, for people who read Chinese.
VALUES = {
    "lifecycle": {
        "registered": "已注册",
        "browsing": "浏览未购",
        "new": "新客",
        "active": "活跃",
        "slowing": "放缓",
        "dormant": "沉睡",
        "lost": "流失",
    },
    # The shop's own words; those that the demo and docs/import.md use. Others stay as they are.
    "customer_type": {
        "clinic": "诊所",
        "single_pharmacy": "单体药店",
        "health_center": "卫生院",
        "pharmacy_chain": "连锁药店",
        "hospital": "医院",
        "distributor": "经销商",
        "trader": "贸易商",
    },
    "status": {
        "placed": "已下单",
        "approved": "已审核",
        "paid": "已付款",
        "shipped": "已发货",
        "returned": "已退货",
        "cancelled": "已取消",
    },
    "matched_by": {"name": "名称", "pinyin": "拼音", "initials": "拼音首字母"},
}


def is_number(value: Any) -> bool:
    """Whether it stands to the right; yes and no are no numbers."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def cell_text(name: str, value: Any, language: Language) -> str:
    """The value of the column of that name; nothing is a dash."""
    if language == "zh" and name in VALUES:
        value = VALUES[name].get(value, value)
    if value is None:
        return "–"
    if isinstance(value, bool):
        return YES_NO[language][not value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1 else f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return "、".join(value) if language == "zh" else ", ".join(value)
    return str(value)
