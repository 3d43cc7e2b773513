"""`promotion_effects`: what a campaign brought, by metric and period, with how sure that is."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, MONEY, RATIO, STRING, Check, Column, Table
from schemas.tables.order_value_groups import TABLE as ORDER_VALUE_GROUPS
from schemas.tables.sku_viewers import TABLE as SKU_VIEWERS

METHODS = ("holdout", "difference_in_differences")
PERIODS = ("effect", "after", "total")
METRICS = ("order_count", "net_amount", "order_value")

# An estimate is no amount of money: its digits end where its error begins, so it is a float in the metric's unit.
UNIT = "metric"


def _number(name: str, en: str, zh: str, unit: str | None = UNIT) -> Column:
    """A number of the statistics, null where the data do not give it."""
    return Column(name, RATIO, en, zh, unit=unit, is_nullable=True)


def _money(name: str, en: str, zh: str) -> Column:
    return Column(name, MONEY, en, zh, unit="currency")


TABLE = Table(
    name="promotion_effects",
    en="What campaigns brought: companies that got a list against those held out of it, with intervals and checks",
    zh="营销效果：收到名单推广的客户与对照组之差，含置信区间与检验",
    grain="one metric in one period of one campaign, as measured on one day",
    key=("campaign", "campaign_first_date", "period", "metric"),
    partition="as_of",
    version=1,
    columns=(
        replace(SKU_VIEWERS.column("as_of"), en="The newest business day that was known when it was measured"),
        Column("campaign", STRING, "Name of the list that went out, or given by hand", "营销活动（名单名称或自定）"),
        Column("campaign_first_date", DATE, "First business day that it went out", "首次发送业务日期"),
        Column("campaign_last_date", DATE, "Last business day that it went out", "末次发送业务日期"),
        Column(
            "method",
            STRING,
            "holdout: reached and held-out companies were drawn by lot; difference_in_differences: there was no holdout, "
            "and companies not in the list stand in for it",
            "方法：holdout 随机对照；difference_in_differences 双重差分（无对照组）",
            allowed=METHODS,
        ),
        Column(
            "is_weaker",
            BOOLEAN,
            "Without a holdout: companies that were not chosen by lot may differ for other reasons",
            "证据较弱（无随机对照）",
        ),
        Column(
            "period",
            STRING,
            "effect: the days that begin with the day a company was first reached; after: the days behind them, where a "
            "dip shows that orders only came earlier; total: both",
            "时段：effect 活动期，after 活动后（观察回落），total 合计",
            allowed=PERIODS,
        ),
        Column("period_days", COUNT, "Business days of the period", "时段天数", unit="days"),
        Column("before_days", COUNT, "Business days before, for the adjustment", "活动前天数（用于调整）", unit="days"),
        Column(
            "metric",
            STRING,
            "order_count: orders a company, neither cancelled nor returned; net_amount: sales net of returns a company; "
            "order_value: net_amount by order_count of a whole side",
            "指标：order_count 每客户订单数，net_amount 每客户净销售额，order_value 笔单价",
            allowed=METRICS,
        ),
        Column("treated_customer_count", COUNT, "Companies in the list, whether or not they ordered", "营销组客户数"),
        Column("control_customer_count", COUNT, "Companies that they are compared with", "对照组客户数"),
        Column("treated_order_count", COUNT, "Orders of the first in the period", "营销组订单数"),
        Column("control_order_count", COUNT, "Orders of the second in the period", "对照组订单数"),
        _money("treated_net_amount", "Sales of the first in the period, net of returns", "营销组净销售额"),
        _money("control_net_amount", "Sales of the second in the period, net of returns", "对照组净销售额"),
        replace(
            ORDER_VALUE_GROUPS.column("currency"), en="Currency of the orders; null when they have none, or several"
        ),
        _number("treated_mean", "The metric of the companies in the list", "营销组均值"),
        _number("control_mean", "The metric of those they are compared with", "对照组均值"),
        _number("difference", "Of the two, before any adjustment", "差值（未调整）"),
        _number(
            "effect",
            "What the list brought, as estimated: adjusted for what each company did before (CUPED); without a holdout, "
            "the difference of the changes",
            "估计效果：对照组法经 CUPED 调整；双重差分为变化之差",
        ),
        _number("effect_low", "Lower end of its 95 % confidence interval", "效果 95% 置信下限"),
        _number("effect_high", "Upper end of its 95 % confidence interval", "效果 95% 置信上限"),
        _number(
            "p_value", "How likely an effect at least as far from 0 is when there is none", "p 值", unit="probability"
        ),
        _number("lift_ratio", "The effect as a share of what would have been without", "提升率", unit=None),
        _number("lift_low_ratio", "Lower end of its 95 % interval; null without a holdout", "提升率下限", unit=None),
        _number("lift_high_ratio", "Upper end of its 95 % interval; null without a holdout", "提升率上限", unit=None),
        _number(
            "variance_reduction_ratio",
            "Share of the variance that the adjustment took away; below 0 when it added some; null without a holdout",
            "CUPED 方差缩减比例",
            unit=None,
        ),
        _number(
            "minimum_detectable_effect",
            "The least effect that so many companies would have shown in 8 of 10 campaigns (power 80 %, 5 % false alarms)",
            "最小可检测效果（功效 80%，显著性 5%）",
        ),
        _number(
            "expected_control_ratio",
            "Share of the companies that the draw holds out; null without a holdout",
            "预期对照比例",
            unit=None,
        ),
        _number("control_ratio", "Share that was held out; null without a holdout", "实际对照比例", unit=None),
        _number(
            "sample_ratio_p_value",
            "How likely a share at least as far from the expected is by chance",
            "样本比例检验 p 值",
            unit="probability",
        ),
        Column(
            "has_sample_ratio_mismatch",
            BOOLEAN,
            "That is below 0.001: something chose the sides beside the lot, so do not trust the effect; null without a holdout",
            "样本比例失衡，效果不可信",
            is_nullable=True,
        ),
        _number(
            "pre_trend",
            "The effect that would have been found in the second half of the days before, over as many days as the period; "
            "null with a holdout",
            "前趋势：活动前后半段的“效果”",
        ),
        _number(
            "pre_trend_p_value",
            "How likely a pre_trend at least as far from 0 is when both sides change alike",
            "前趋势 p 值",
            unit="probability",
        ),
        Column(
            "has_pre_trend",
            BOOLEAN,
            "That is below 0.05: the sides were drifting apart before, so do not trust the effect; null with a holdout",
            "存在前趋势，效果不可信",
            is_nullable=True,
        ),
        Column(
            "other_list_customer_count",
            COUNT,
            "Companies of both sides that another list reached, or was held back from, in the same days or before: "
            "the effect is of all lists together",
            "同期另有名单涉及的客户数（效果为合计）",
        ),
    ),
    checks=(
        Check("effect_in_interval", "effect_low <= effect AND effect <= effect_high"),
        Check("lift_in_interval", "lift_low_ratio <= lift_ratio AND lift_ratio <= lift_high_ratio"),
        Check("weaker_without_holdout", "is_weaker = (method <> 'holdout')"),
        Check("holdout_has_ratio", "(method = 'holdout') = (sample_ratio_p_value IS NOT NULL)"),
        Check("effect_has_all", "(effect IS NULL) = (p_value IS NULL) AND (effect IS NULL) = (effect_low IS NULL)"),
        Check("two_companies_a_side", "treated_customer_count >= 2 AND control_customer_count >= 2"),
        Check("probabilities", "p_value BETWEEN 0 AND 1 AND sample_ratio_p_value BETWEEN 0 AND 1"),
        Check("first_before_last", "campaign_first_date <= campaign_last_date"),
    ),
)
