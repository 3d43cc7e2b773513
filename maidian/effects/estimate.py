"""The statistics of a campaign, over one number a company and period: pure functions of arrays.

Everything is a difference of two means with its standard error, which ordinary least squares gives: `y ~ 1 + is_treated`,
and with what the company did before as a covariate, which is CUPED. Errors are HC3: companies spend very differently,
and the two sides differ in size by nine to one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm
from scipy import stats

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CONFIDENCE = 0.95
POWER = 0.8  # of the minimum detectable effect: the usual one
NOTHING = 1e-9  # of the other side's level: what rounding leaves of 0
LEAST_A_SIDE = 2  # below, there is no variance


@dataclass(frozen=True)
class Estimate:
    """An effect in the metric's own unit, and as a share of what would have been without it (None: not to be had)."""

    difference: float
    effect: float
    low: float
    high: float
    p_value: float
    error: float
    minimum_detectable: float
    lift: float | None = None
    lift_low: float | None = None
    lift_high: float | None = None
    variance_reduction: float | None = None


def estimate(values: Floats, before: Floats, is_treated: Flags) -> Estimate | None:
    """The effect on those meant to be treated, adjusted for what each company did before (CUPED).

    None where nothing can be said: nobody on a side, or all values equal.
    """
    fitted = _fit(values, is_treated, before)
    if fitted is None:
        return None
    sides = values[is_treated], values[~is_treated]
    plain = sum(side.var(ddof=1) / (len(side) - 1) for side in sides)  # what HC3 is for two means
    return _estimate(
        fitted, float(sides[0].mean() - sides[1].mean()), float(1 - fitted.bse[1] ** 2 / plain), has_level=True
    )


def estimate_change(values: Floats, is_treated: Flags) -> Estimate | None:
    """The difference of changes, of which each company's is given. None as above."""
    fitted = _fit(values, is_treated, None)
    return fitted and _estimate(fitted, float(fitted.params[1]), None, has_level=False)


def shares(amounts: Floats, counts: Floats, is_treated: Flags) -> Floats | None:
    """For each company a value of which each side's mean is the side's sum of amounts by its sum of counts.

    The delta method: the ratio, and how far the company moves it. None where a side has nothing to divide by.
    """
    values = np.zeros(len(amounts))
    for side in (is_treated, ~is_treated):
        count = counts[side].mean() if side.any() else 0.0
        if count <= 0:
            return None
        ratio = amounts[side].mean() / count
        values[side] = ratio + (amounts[side] - ratio * counts[side]) / count
    return values


def sample_ratio_p_value(control_count: int, total_count: int, expected_ratio: float) -> float:
    """How likely a split at least as far from the expected one is by chance (exact binomial test)."""
    return float(stats.binomtest(control_count, total_count, expected_ratio).pvalue)


def _fit(
    values: Floats, is_treated: Flags, before: Floats | None
) -> sm.regression.linear_model.RegressionResults | None:
    sides = (int(is_treated.sum()), int((~is_treated).sum()))
    if min(sides) < LEAST_A_SIDE or np.ptp(values) == 0:
        return None
    columns = [np.ones(len(values)), is_treated.astype(np.float64)]
    if before is not None and np.ptp(before) > 0:
        centred = before - before.mean()
        columns.append(centred / np.abs(centred).max())  # money in millions beside ones would cost digits
    return sm.OLS(values, np.column_stack(columns)).fit(cov_type="HC3", use_t=True)


def _estimate(
    fitted: sm.regression.linear_model.RegressionResults, difference: float, reduction: float | None, *, has_level: bool
) -> Estimate:
    effect, error = float(fitted.params[1]), float(fitted.bse[1])
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, fitted.df_resid))
    lift = _lift(fitted, half) if has_level else (None, None, None)
    return Estimate(
        difference=difference,
        effect=effect,
        low=effect - half * error,
        high=effect + half * error,
        p_value=float(fitted.pvalues[1]),
        error=error,
        minimum_detectable=(half + float(stats.t.ppf(POWER, fitted.df_resid))) * error,
        lift=lift[0],
        lift_low=lift[1],
        lift_high=lift[2],
        variance_reduction=reduction,
    )


def _lift(
    fitted: sm.regression.linear_model.RegressionResults, half: float
) -> tuple[float | None, float | None, float | None]:
    """The effect as a share of the control side's level, with the error of both (delta method on the logarithm)."""
    level, effect = float(fitted.params[0]), float(fitted.params[1])
    if level <= 0 or level + effect <= NOTHING * level:  # a side that did nothing at all has no logarithm
        return None, None, None
    slope = np.zeros(len(fitted.params))
    slope[0], slope[1] = 1 / (level + effect) - 1 / level, 1 / (level + effect)
    error = float(np.sqrt(slope @ fitted.cov_params() @ slope))
    ratio = (level + effect) / level
    return ratio - 1, ratio * float(np.exp(-half * error)) - 1, ratio * float(np.exp(half * error)) - 1
