"""Campaigns drawn by number: companies that order at rates of their own, some of them moved by a known share."""

from dataclasses import dataclass

import numpy as np

from maidian.effects.estimate import Flags, Floats

MEAN_ORDERS_A_DAY, SHAPE = 0.15, 1.5  # of the companies' rates: a gamma distribution, as shops have it
BEFORE_DAYS, EFFECT_DAYS = 28, 14


@dataclass(frozen=True)
class Drawn:
    """Orders of each company before and since."""

    is_treated: Flags
    before: Floats
    since: Floats


def draw_campaign(percent: int, seed: int, companies: int = 800, held_out_ratio: float = 0.2) -> Drawn:
    """A campaign that moves orders by so much; another seed, another one."""
    dice = np.random.default_rng([percent, seed])
    rate = dice.gamma(SHAPE, MEAN_ORDERS_A_DAY / SHAPE, companies)
    is_treated = np.ones(companies, dtype=np.bool_)
    is_treated[dice.permutation(companies)[: int(companies * held_out_ratio)]] = False
    before = dice.poisson(rate * BEFORE_DAYS)
    since = dice.poisson(rate * EFFECT_DAYS * np.where(is_treated, 1 + percent / 100, 1.0))
    return Drawn(is_treated, before.astype(np.float64), since.astype(np.float64))


def expected_effect(percent: int) -> float:
    """In orders a company, over all companies there might be."""
    return percent / 100 * MEAN_ORDERS_A_DAY * EFFECT_DAYS
