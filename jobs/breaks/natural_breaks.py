"""Natural breaks (Fisher's exact optimal grouping, known as Jenks) over the logarithm of amounts.

Amounts are counted in bins of a hundredth of a decade (2.3 %), far finer than any group, so the work does not grow
with the number of customers; over the bins the grouping is exact. A group's cost is its sum of squared distances from
its mean, in bins, as a whole number of thousandths, so that equal costs are equal on every machine.

Of all groupings of consecutive bins in which no group has less than a twentieth of the customers, the one of least
cost is taken; of several, the one whose last group begins lowest, then the last but one, and so on. The number of
groups is the smallest that leaves at most 15 % of the cost of a single group; when none of up to six does, the one of
least cost.
"""

from decimal import ROUND_CEILING, Decimal, localcontext
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

BINS_A_DECADE = 100
# From the smallest amount there is to beyond any order's.
FIRST_DECADE, LAST_DECADE = -4, 20
SMALLEST_AMOUNT = Decimal("0.0001")

# Four groups already leave 12 % of a bell-shaped spread, two leave less than 1 % of two clusters: enough groups where
# the spread is wide, no more than there are clusters where it is not.
MOST_COST_LEFT_PERCENT = 15
# An operator has a name and a plan for each of six groups, not for ten.
MOST_GROUPS = 6
# A group has a middle only if it has members; of one customer no threshold can be told.
LEAST_SHARE = 20
COST_SCALE = 1000

Ints = NDArray[np.int64]
UNREACHABLE = np.iinfo(np.int64).max // 4


def bin_of(amount: pl.Expr) -> pl.Expr:
    """The number of the bin that an amount above zero falls into, as a whole number."""
    return pl.lit(bin_edges()).search_sorted(amount, side="right").cast(pl.Int64)


@cache
def bin_edges() -> pl.Series:
    """The least amount of each bin, exact to the amounts' four decimals."""
    with localcontext(prec=40, rounding=ROUND_CEILING):
        steps = [Decimal(10) ** (Decimal(step) / BINS_A_DECADE) for step in range(BINS_A_DECADE)]
        edges = [
            (step * Decimal(10) ** decade).quantize(SMALLEST_AMOUNT)
            for decade in range(FIRST_DECADE, LAST_DECADE)
            for step in steps
        ]
    return pl.Series(edges, dtype=pl.Decimal(38, 4))


def group_bins(bins: Ints, customers: Ints) -> Ints:
    """The group, from 1, of each occupied bin; bins rise, each with its number of customers."""
    least = -(-int(customers.sum()) // LEAST_SHARE)
    costs = _costs(bins - bins[0], customers, least)
    starts: list[Ints] = []
    best = costs[0]
    chosen, cost_left = 1, int(best[-1])
    for count in range(2, min(MOST_GROUPS, len(bins)) + 1):
        if cost_left * 100 <= MOST_COST_LEFT_PERCENT * int(costs[0, -1]):
            break
        # The last of `count` groups begins at i: the cost of the others up to i, and its own.
        totals = np.minimum(best[:-1, None] + costs[1:, :], UNREACHABLE)
        starts.append(1 + totals.argmin(axis=0))
        best = totals.min(axis=0)
        if best[-1] < cost_left:
            chosen, cost_left = count, int(best[-1])
    return _groups(starts, chosen, len(bins))


def _costs(bins: Ints, customers: Ints, least: int) -> Ints:
    """The cost of the group from bin i to bin j at [i, j]; out of reach where it has too few customers."""
    count, total, squares = (
        np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
        for values in (customers, customers * bins, customers * bins * bins)
    )
    counts, totals, squared = (sums[None, 1:] - sums[:-1, None] for sums in (count, total, squares))
    is_allowed = counts >= max(least, 1)
    counts = np.where(is_allowed, counts, 1.0)
    costs = np.floor(COST_SCALE * (squared * counts - totals * totals) / counts)
    return np.where(is_allowed & np.triu(np.ones_like(is_allowed)), np.maximum(costs, 0), UNREACHABLE).astype(np.int64)


def _groups(starts: list[Ints], count: int, bin_count: int) -> Ints:
    """From where each last group begins, back to the first."""
    groups = np.ones(bin_count, np.int64)
    end = bin_count
    for number in range(count, 1, -1):
        start = int(starts[number - 2][end - 1])
        groups[start:end] = number
        end = start
    return groups
