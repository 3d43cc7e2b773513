"""Dice that fall the same way on every machine: raw PCG64 words and integer tables, no floating-point draws.

NumPy fixes the words of PCG64 for ever, but neither its distributions nor the last bit of `log` and `exp`. So whatever
is not uniform is drawn from a table of integers: a quantile table (waiting times, sizes) or a wheel (choices by weight).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Finer than any figure of the demo needs, and small enough for the first-level cache (32 KiB of int64).
TABLE_SIZE = 4096


NORMAL = tuple(map(NormalDist().inv_cdf, [(i + 0.5) / TABLE_SIZE for i in range(TABLE_SIZE)]))


class Dice:
    """A stream of random numbers that its key fixes: `Dice(seed, day, slice)`."""

    def __init__(self, *key: int) -> None:
        # NumPy takes a short key for one with zeros after it; the length at the end tells them apart.
        self._bits = np.random.PCG64(np.random.SeedSequence((*key, len(key) + 1)))

    def words(self, count: int) -> npt.NDArray[np.uint64]:
        """`count` words of 64 random bits."""
        drawn: npt.NDArray[np.uint64] = self._bits.random_raw(max(count, 1))
        return drawn[:count].astype("<u8", copy=False)

    def u16(self, count: int) -> npt.NDArray[np.uint16]:
        """`count` integers below 65,536; four to a word."""
        return self.words((count + 3) // 4).view("<u2")[:count]

    def u32(self, count: int) -> npt.NDArray[np.uint32]:
        """`count` integers below 2**32; two to a word."""
        return self.words((count + 1) // 2).view("<u4")[:count]

    def below(self, bound: int | Ints, count: int) -> Ints:
        """`count` integers from 0 to below `bound`, one number or one for each; a bound of 0 gives 0."""
        scaled = self.u32(count).astype(np.uint64) * np.asarray(bound, dtype=np.uint64)
        return (scaled >> np.uint64(32)).astype(np.int64)

    def between(self, low: int, high: int, count: int) -> Ints:
        """`count` integers from `low` to `high`, both included."""
        return self.below(high - low + 1, count) + low

    def chance(self, ratio: float | npt.NDArray[np.float64], count: int) -> Flags:
        """`count` yes-or-nos, yes in `ratio` of the cases."""
        threshold = np.floor(np.asarray(ratio, dtype=np.float64) * 4294967296.0)
        return np.asarray(self.u32(count) < threshold)

    def pick(self, table: Ints, count: int) -> Ints:
        """`count` entries of a table whose length is a power of two."""
        bits = len(table).bit_length() - 1
        if bits <= 16:  # noqa: PLR2004 - what one 16-bit draw reaches
            return np.asarray(table[self.u16(count) >> (16 - bits)])
        return np.asarray(table[self.u32(count) >> (32 - bits)])

    def shuffle(self, count: int) -> Ints:
        """The numbers 0 to `count` - 1 in a random order."""
        return np.argsort(self.words(count), kind="stable")


def wheel(weights: Sequence[float] | npt.NDArray[np.float64], size: int = TABLE_SIZE) -> Ints:
    """A table of `size` choices in which choice i stands in proportion to its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    cuts = np.rint(edges / edges[-1] * size).astype(np.int64)
    return np.repeat(np.arange(len(cuts)), np.diff(cuts, prepend=0))


def zipf(count: int, exponent: float = 1.0) -> npt.NDArray[np.float64]:
    """Weights of `count` ranks, the first the most popular."""
    return np.asarray([1.0 / (rank + 1) ** exponent for rank in range(count)])


def exponential(mean: float, size: int = TABLE_SIZE) -> Ints:
    """Quantile table of waiting times with this mean, in the mean's unit."""
    return np.asarray([round(-mean * math.log1p(-(i + 0.5) / size)) for i in range(size)], dtype=np.int64)


def lognormal(median: float, sigma: float) -> Ints:
    """Quantile table of sizes around a median, in the median's unit; `sigma` is of the natural logarithm."""
    return np.asarray([round(median * math.exp(sigma * each)) for each in NORMAL], dtype=np.int64)


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole parts in proportion to the weights; the parts sum to it exactly."""
    whole = sum(weights)
    edges = [0]
    for weight in weights:
        edges.append(edges[-1] + weight)
    cuts = [total * edge // whole for edge in edges]
    return [high - low for low, high in pairwise(cuts)]
