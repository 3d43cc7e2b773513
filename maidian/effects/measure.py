"""The rows of `promotion_effects` for one campaign: each metric in each period, estimated and checked."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from maidian.effects.campaign import Campaign, Sides
from maidian.effects.estimate import Estimate, Floats, estimate, estimate_change, sample_ratio_p_value, shares
from maidian.effects.outcomes import Done, Outcomes, Windows
from schemas.tables.promotion_effects import METRICS, PERIODS

# A split this far from the draw's comes by chance once in a thousand campaigns; the usual bound for this check, for it
# is made on every campaign and a false alarm throws a good one away.
SAMPLE_RATIO_ALARM = 0.001
PRE_TREND_ALARM = 0.05

Row = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """One campaign, ready to be estimated."""

    campaign: Campaign
    sides: Sides
    windows: Windows
    outcomes: Outcomes
    as_of: date

    def rows(self, periods: tuple[str, ...] = PERIODS) -> list[Row]:
        """A row for each of the periods and metrics."""
        shared = {**self._about(), **self._sample_ratio()}
        return [
            {**shared, **self._counts(period), "metric": metric, **self._estimated(period, metric)}
            for period in periods
            for metric in METRICS
        ]

    def _about(self) -> Row:
        has_holdout = self.sides.has_holdout
        return {
            "as_of": self.as_of,
            "campaign": self.campaign.name,
            "campaign_first_date": self.campaign.first_date,
            "campaign_last_date": self.campaign.last_date,
            "method": "holdout" if has_holdout else "difference_in_differences",
            "is_weaker": not has_holdout,
            "before_days": self.windows.before_days,
            "treated_customer_count": self.sides.treated_count,
            "control_customer_count": self.sides.control_count,
            "currency": self.outcomes.currency,
            "other_list_customer_count": self.outcomes.other_list_customer_count,
        }

    def _sample_ratio(self) -> Row:
        expected, control = self.sides.expected_control_ratio, self.sides.control_count
        total = self.sides.treated_count + control
        p_value = None if expected is None else sample_ratio_p_value(control, total, expected)
        return {
            "expected_control_ratio": expected,
            "control_ratio": None if expected is None else control / total,
            "sample_ratio_p_value": p_value,
            "has_sample_ratio_mismatch": None if p_value is None else p_value < SAMPLE_RATIO_ALARM,
        }

    def _counts(self, period: str) -> Row:
        treated, control = self.outcomes.totals[period, True], self.outcomes.totals[period, False]
        return {
            "period": period,
            "period_days": self.windows.days(period),
            "treated_order_count": treated.order_count,
            "control_order_count": control.order_count,
            "treated_net_amount": treated.net_amount,
            "control_net_amount": control.net_amount,
        }

    def _estimated(self, period: str, metric: str) -> Row:
        done, is_treated = self.outcomes.done, self.outcomes.is_treated
        values = self._values(metric, done[period])
        levels: Row = {"treated_mean": None, "control_mean": None, "difference": None}
        if values is not None:
            treated, control = float(values[is_treated].mean()), float(values[~is_treated].mean())
            levels = {"treated_mean": treated, "control_mean": control, "difference": treated - control}
        if self.sides.has_holdout:
            before = self._values(metric, done["before"])
            found = None if values is None else estimate(values, _or_zero(before, values), is_treated)
            return {**levels, **_columns(found), "pre_trend": None, "pre_trend_p_value": None, "has_pre_trend": None}
        found = self._change(metric, period, "before")
        trend = self._change(metric, "later", "earlier")
        columns = _columns(found)
        if found is not None and levels["treated_mean"] is not None:
            without = levels["treated_mean"] - found.effect
            columns["lift_ratio"] = found.effect / without if without > 0 else None
        scale = 1.0 if metric == "order_value" else self.windows.days(period) / self.windows.days("later")
        return {
            **levels,
            **columns,
            "pre_trend": trend and trend.effect * scale,
            "pre_trend_p_value": trend and trend.p_value,
            "has_pre_trend": trend and trend.p_value < PRE_TREND_ALARM,
        }

    def _change(self, metric: str, later: str, earlier: str) -> Estimate | None:
        """The difference of the changes from one window to another, over as many days as the later one has."""
        new, old = self._values(metric, self.outcomes.done[later]), self._values(metric, self.outcomes.done[earlier])
        if new is None or old is None:
            return None
        scale = 1.0 if metric == "order_value" else self.windows.days(later) / self.windows.days(earlier)
        return estimate_change(new - old * scale, self.outcomes.is_treated)

    def _values(self, metric: str, done: Done) -> Floats | None:
        if metric == "order_count":
            return done.orders
        if metric == "net_amount":
            return done.amounts
        return shares(done.amounts, done.orders, self.outcomes.is_treated)


def _or_zero(before: Floats | None, values: Floats) -> Floats:
    """Without orders before there is nothing to adjust for."""
    return values * 0 if before is None else before


def _columns(found: Estimate | None) -> Row:
    return {
        "effect": found and found.effect,
        "effect_low": found and found.low,
        "effect_high": found and found.high,
        "p_value": found and found.p_value,
        "lift_ratio": found and found.lift,
        "lift_low_ratio": found and found.lift_low,
        "lift_high_ratio": found and found.lift_high,
        "variance_reduction_ratio": found and found.variance_reduction,
        "minimum_detectable_effect": found and found.minimum_detectable,
    }
