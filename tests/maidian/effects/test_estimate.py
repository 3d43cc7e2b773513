"""Intervals cover what was planted as often as they say; every number is that of an independent oracle."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from maidian.effects.estimate import estimate, estimate_change, sample_ratio_p_value, shares
from pipelines.generator.dice import Dice
from pipelines.generator.options import GeneratorOptions
from pipelines.generator.orders import SIZE_NOISE, Rhythm
from pipelines.generator.planted_effect import Acceleration
from pipelines.generator.world import World, build_world
from tests.maidian.effects.draw_campaigns import draw_campaign, expected_effect

SEEDS = 500


@pytest.mark.parametrize("percent", [0, 5, 20])
def test_intervals_cover_the_planted_effect_in_19_of_20_campaigns(percent: int) -> None:
    effects, lifts, alarms = 0, 0, 0
    for seed in range(SEEDS):
        drawn = draw_campaign(percent, seed)
        found = estimate(drawn.since, drawn.before, drawn.is_treated)
        assert found is not None
        assert found.lift_low is not None
        assert found.lift_high is not None
        effects += found.low <= expected_effect(percent) <= found.high
        lifts += found.lift_low <= percent / 100 <= found.lift_high
        alarms += found.p_value < 0.05
    assert 0.93 <= effects / SEEDS <= 0.97
    assert 0.93 <= lifts / SEEDS <= 0.97
    if percent == 0:
        assert 0.03 <= alarms / SEEDS <= 0.07
    if percent == 20:
        assert alarms / SEEDS > 0.6


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(GeneratorOptions(events=600_000, days=60, customers=1_500, skus=300))


@pytest.mark.ci
@pytest.mark.parametrize("percent", [0, 5, 20])
def test_an_effect_planted_in_the_generator_is_found_again(world: World, percent: int) -> None:
    """The generator's own customers, rhythms and order sizes; days 0 to 13 before, 14 to 27 since."""
    covered, alarms = np.zeros(3), np.zeros(3)
    for seed in range(SEEDS):
        dice = np.random.default_rng([percent, seed])
        is_treated = np.ones(len(world.customers), dtype=np.bool_)
        is_treated[dice.permutation(len(is_treated))[: len(is_treated) // 5]] = False
        rhythm = Rhythm.begin(world, Dice(seed, percent, 1))
        rhythm.acceleration = Acceleration(is_treated, percent, 14, 28)
        orders, amounts = np.zeros((2, len(is_treated))), np.zeros((2, len(is_treated)))
        for day in range(28):
            due = rhythm.take_due(world, day, Dice(seed, percent, 2, day))
            sizes = world.customers.usual_order[due] * Dice(seed, percent, 3, day).pick(SIZE_NOISE, len(due)) / 1e7
            np.add.at(orders[day // 14], due, 1)
            np.add.at(amounts[day // 14], due, sizes)
        values = [shares(amounts[when], orders[when], is_treated) for when in (1, 0)]
        assert values[0] is not None
        assert values[1] is not None
        founds = (
            estimate(orders[1], orders[0], is_treated),
            estimate(amounts[1], amounts[0], is_treated),
            estimate(values[0], values[1], is_treated),
        )
        for place, (found, lift) in enumerate(zip(founds, (percent, percent, 0), strict=True)):
            assert found is not None
            assert found.lift_low is not None
            assert found.lift_high is not None
            covered[place] += found.lift_low <= lift / 100 <= found.lift_high
            alarms[place] += found.p_value < 0.05
    assert ((covered[:2] / SEEDS >= 0.93) & (covered[:2] / SEEDS <= 0.97)).all(), covered / SEEDS
    assert (
        covered[2] / SEEDS >= 0.93
    )  # hospitals' orders are a hundred times a clinic's: HC3 is wide there, never narrow
    if percent == 0:
        assert ((alarms[:2] / SEEDS >= 0.03) & (alarms[:2] / SEEDS <= 0.07)).all(), alarms / SEEDS
        assert alarms[2] / SEEDS <= 0.07


def test_the_adjusted_effect_is_that_of_plain_least_squares() -> None:
    drawn = draw_campaign(20, 7)
    rows = pd.DataFrame({"y": drawn.since, "t": drawn.is_treated.astype(int), "x": drawn.before})
    plain = smf.ols("y ~ t + x", rows).fit(cov_type="HC3", use_t=True)
    found = estimate(drawn.since, drawn.before, drawn.is_treated)
    assert found is not None
    low, high = plain.conf_int().loc["t"]
    wanted = [plain.params["t"], low, high, plain.pvalues["t"], plain.bse["t"]]
    assert [found.effect, found.low, found.high, found.p_value, found.error] == pytest.approx(wanted)
    assert found.difference == pytest.approx(
        drawn.since[drawn.is_treated].mean() - drawn.since[~drawn.is_treated].mean()
    )


def test_the_adjusted_effect_is_cuped_with_the_slope_within_the_sides() -> None:
    """Deng et al.: the difference of y - theta (x - mean x), theta from the covariance of both within the sides."""
    drawn = draw_campaign(5, 11)
    t, y, x = drawn.is_treated, drawn.since, drawn.before
    within = [(v - np.where(t, v[t].mean(), v[~t].mean())) for v in (y, x)]
    theta = (within[0] @ within[1]) / (within[1] @ within[1])
    adjusted = y - theta * (x - x.mean())
    found = estimate(y, x, t)
    assert found is not None
    assert found.effect == pytest.approx(adjusted[t].mean() - adjusted[~t].mean())
    plain = sm.OLS(y, sm.add_constant(t.astype(float))).fit(cov_type="HC3")
    assert found.variance_reduction == pytest.approx(1 - (found.error / plain.bse[1]) ** 2)
    assert 0.2 < found.variance_reduction < 0.8


def test_without_a_covariate_it_is_welch_s_test() -> None:
    drawn = draw_campaign(20, 3, companies=5_000)
    found = estimate_change(drawn.since, drawn.is_treated)
    assert found is not None
    welch = stats.ttest_ind(drawn.since[drawn.is_treated], drawn.since[~drawn.is_treated], equal_var=False)
    assert found.effect / found.error == pytest.approx(welch.statistic, rel=1e-3)


def test_the_lift_s_interval_is_that_of_the_logarithm_of_the_ratio() -> None:
    drawn = draw_campaign(20, 5)
    found = estimate(drawn.since, np.zeros(len(drawn.since)), drawn.is_treated)  # nothing to adjust for
    assert found is not None
    sides = (drawn.since[drawn.is_treated], drawn.since[~drawn.is_treated])
    treated, control = (side.mean() for side in sides)
    variance = sum(side.var(ddof=1) / (len(side) - 1) / side.mean() ** 2 for side in sides)  # HC3 of a mean
    half = stats.t.ppf(0.975, len(drawn.since) - 2) * np.sqrt(variance)
    wanted = np.exp(np.log(treated / control) + np.array([0, -half, half])) - 1
    assert [found.lift, found.lift_low, found.lift_high] == pytest.approx(list(wanted), rel=1e-3)


def test_the_least_effect_to_be_detected_is_detected_in_8_of_10() -> None:
    found = estimate_change(draw_campaign(0, 1).since, draw_campaign(0, 1).is_treated)
    assert found is not None
    shift = found.minimum_detectable / found.error
    power = 1 - stats.nct.cdf(stats.t.ppf(0.975, 798), 798, shift)
    assert power == pytest.approx(0.8, abs=0.002)


def test_an_order_value_is_the_sides_amounts_by_their_orders() -> None:
    amounts, orders = np.array([100.0, 500, 0, 90, 30]), np.array([1.0, 4, 0, 3, 0])
    is_treated = np.array([True, True, True, False, False])
    values = shares(amounts, orders, is_treated)
    assert values is not None
    assert values[is_treated].mean() == pytest.approx(600 / 5)
    assert values[~is_treated].mean() == pytest.approx(120 / 3)


def test_an_order_value_s_error_is_that_of_the_delta_method() -> None:
    drawn = draw_campaign(0, 2)
    amounts = drawn.since * 300 + np.random.default_rng(1).normal(0, 50, len(drawn.since)) * np.sqrt(drawn.since)
    values = shares(amounts, drawn.since, drawn.is_treated)
    assert values is not None
    found = estimate_change(values, drawn.is_treated)
    assert found is not None
    variance = 0.0
    for side in (drawn.is_treated, ~drawn.is_treated):
        a, n = amounts[side], drawn.since[side]
        ratio, covariance = a.mean() / n.mean(), np.cov(a, n)
        spread = covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]
        variance += spread / n.mean() ** 2 / len(a)
    assert found.error == pytest.approx(np.sqrt(variance), rel=0.01)


def test_nothing_is_said_of_nobody_and_of_nothing() -> None:
    ones, treated = np.ones(10), np.arange(10) < 9
    assert estimate(np.zeros(10), ones, np.arange(10) < 5) is None
    assert estimate(np.arange(10.0), ones, treated) is None  # one company on a side
    assert shares(ones, np.zeros(10), treated) is None


def test_a_split_that_no_lot_makes_is_told_from_one_that_it_does() -> None:
    assert sample_ratio_p_value(100, 1_000, 0.1) == pytest.approx(1.0)
    assert sample_ratio_p_value(60, 1_000, 0.1) < 0.001
