"""A measured effect as a person reads it: a line for each metric and period, and whether to trust it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click
import msgspec

from maidian.effects.measure import Row
from maidian.options import Language
from maidian.text_table import new_table, print_table

FEW_COMPANIES = 50  # below, a mean of amounts is far from the bell curve that intervals are drawn from

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "effect": "during",
        "after": "after",
        "total": "both",
        "order_count": "orders a company",
        "net_amount": "net amount a company",
        "order_value": "order value",
        "companies": "{treated:,} companies in the list, {control:,} held out · {campaign} · {first} to {last}",
        "others": "{treated:,} companies in the list, {control:,} others to compare with · {campaign} · {first}",
        "more": "more",
        "less": "less",
        "none": "no difference shown",
        "unknown": "too little to say",
        "weaker": "weaker evidence: there was no holdout, so this is a difference in differences; companies that were not "
        "chosen by lot may differ for other reasons",
        "mismatch": "do not trust this: {found:.1%} of the companies are held out where the draw says {wanted:.1%} "
        "(p = {p:.2g}); something chose the sides beside the lot",
        "ratio": "sample ratio: {found:.1%} held out, {wanted:.1%} expected (p = {p:.2g})",
        "trend": "do not trust this: before the campaign the two sides were drifting apart already ({metrics})",
        "no_trend": "before the campaign both sides moved alike (least p = {p:.2g})",
        "few": "fewer than {count} companies on a side: the intervals are rough",
        "other_lists": "{count:,} of the companies are in other lists of these days or before: the effect is of all lists together",
        "pending": "the days after are not all there yet: ask again once the tables are built up to {day}",
    },
    "zh": {
        "effect": "活动期",
        "after": "活动后",
        "total": "合计",
        "order_count": "每客户订单数",
        "net_amount": "每客户净销售额",
        "order_value": "笔单价",
        "companies": "营销组 {treated:,} 个客户，对照组 {control:,} 个 · {campaign} · {first} 至 {last}",
        "others": "营销组 {treated:,} 个客户，比较组 {control:,} 个 · {campaign} · {first}",
        "more": "提升",
        "less": "下降",
        "none": "未见差异",
        "unknown": "数据不足",
        "weaker": "证据较弱：无对照组，采用双重差分；客户并非随机选出，差异可能另有原因",
        "mismatch": "结果不可信：对照比例 {found:.1%}，预期 {wanted:.1%}（p = {p:.2g}），分组受到随机以外因素影响",
        "ratio": "样本比例：对照 {found:.1%}，预期 {wanted:.1%}（p = {p:.2g}）",
        "trend": "结果不可信：活动前两组走势已不同（{metrics}）",
        "no_trend": "活动前两组走势一致（最小 p = {p:.2g}）",
        "few": "一组不足 {count} 个客户，区间较粗略",
        "other_lists": "其中 {count:,} 个客户同期或此前也在其他名单中，效果为各名单合计",
        "pending": "活动后时段尚未结束，待数据更新至 {day} 后再测",
    },
}
HEADINGS: dict[Language, tuple[str, ...]] = {
    "en": ("period", "metric", "in the list", "compared", "effect", "95 % interval", "lift", "95 % interval ", "p", "detectable", ""),
    "zh": ("时段", "指标", "营销组", "对照", "效果", "95% 区间", "提升率", "95% 区间 ", "p", "可检测", ""),
}  # fmt: skip
DASH = "–"
ALARM = 0.05


def print_effect(rows: Sequence[Row], after_days: int, language: Language) -> None:
    """The companies, a table, and what to think of it."""
    words, first = WORDS[language], rows[0]
    about = {
        "treated": first["treated_customer_count"],
        "control": first["control_customer_count"],
        "campaign": first["campaign"],
        "first": first["campaign_first_date"],
        "last": first["campaign_last_date"],
    }
    click.echo(words["others" if first["is_weaker"] else "companies"].format(**about))
    headings = HEADINGS[language]
    table = new_table(headings, headings[2:-1])
    for row in rows:
        table.add_row(
            words[row["period"]],
            words[row["metric"]],
            *(_number(row[name]) for name in ("treated_mean", "control_mean", "effect")),
            _span(row["effect_low"], row["effect_high"], _number),
            _percent(row["lift_ratio"]),
            _span(row["lift_low_ratio"], row["lift_high_ratio"], _percent),
            DASH if row["p_value"] is None else f"{row['p_value']:.3f}",
            _number(row["minimum_detectable_effect"]),
            words[_verdict(row)],
        )
    print_table(table)
    for line in notes(rows, language):
        click.echo(line)
    if after_days and all(row["period"] == "effect" for row in rows):
        day = first["campaign_last_date"] + timedelta(first["period_days"] + after_days - 1)
        click.echo(words["pending"].format(day=day))


def notes(rows: Sequence[Row], language: Language) -> list[str]:
    """What a reader must know before believing the table."""
    words, first = WORDS[language], rows[0]
    lines = []
    if first["is_weaker"]:
        lines.append(words["weaker"])
        drifting = list(dict.fromkeys(words[row["metric"]] for row in rows if row["has_pre_trend"]))
        known = [row["pre_trend_p_value"] for row in rows if row["pre_trend_p_value"] is not None]
        if drifting:
            lines.append(words["trend"].format(metrics=", ".join(drifting)))
        elif known:
            lines.append(words["no_trend"].format(p=min(known)))
    else:
        ratio = {"found": first["control_ratio"], "wanted": first["expected_control_ratio"]}
        key = "mismatch" if first["has_sample_ratio_mismatch"] else "ratio"
        lines.append(words[key].format(p=first["sample_ratio_p_value"], **ratio))
    if min(first["treated_customer_count"], first["control_customer_count"]) < FEW_COMPANIES:
        lines.append(words["few"].format(count=FEW_COMPANIES))
    if first["other_list_customer_count"]:
        lines.append(words["other_lists"].format(count=first["other_list_customer_count"]))
    return lines


def effect_json(rows: Sequence[Row]) -> bytes:
    """All columns; money as text with its digits."""
    return msgspec.json.encode({"campaign": rows[0]["campaign"], "rows": rows})


def _verdict(row: Row) -> str:
    if row["p_value"] is None:
        return "unknown"
    if row["p_value"] >= ALARM:
        return "none"
    return "more" if row["effect"] > 0 else "less"


def _number(value: Any) -> str:
    return DASH if value is None else f"{value:z,.2f}" if abs(value) >= 1 else f"{value:z,.3f}"


def _percent(value: Any) -> str:
    return DASH if value is None else f"{value:+z.1%}"


def _span(low: Any, high: Any, show: Any) -> str:
    return DASH if low is None else f"{show(low)} … {show(high)}"
