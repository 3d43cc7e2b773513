"""Pairs of two names as one whole number: millions of them are grouped in two thirds of the time and memory of two texts.

The number holds the place of each name among names. `pairs_of` reads all names first and puts them in order, so that pairs
sort as their names do; `unordered_pairs` does not, and spares the reading.
"""

from dataclasses import dataclass

import polars as pl

PAIR = "pair"
PLACES = 2**32
"""More than there are names in any column."""


@dataclass(frozen=True)
class Pairs:
    """The names that two columns hold, neither of them ever null."""

    first: str
    second: str
    first_names: pl.Enum | pl.Categorical
    second_names: pl.Enum | pl.Categorical

    def number(self) -> pl.Expr:
        """The pair of a row, as column `pair`."""
        first, second = (
            pl.col(name).cast(names).to_physical().cast(pl.UInt64)
            for name, names in ((self.first, self.first_names), (self.second, self.second_names))
        )
        return (first * PLACES + second).alias(PAIR)

    def places(self) -> list[pl.Expr]:
        """The two columns again, of the number: names still kept as numbers."""
        first, second = pl.col(PAIR) // PLACES, pl.col(PAIR) % PLACES
        return [
            place.cast(pl.UInt32).cat.to(names).alias(name)
            for place, name, names in ((first, self.first, self.first_names), (second, self.second, self.second_names))
        ]

    def names(self) -> list[pl.Expr]:
        """The two columns again, as texts."""
        return [place.cast(pl.String) for place in self.places()]


def pairs_of(rows: pl.LazyFrame, first: str, second: str) -> Pairs:
    """The pairs of these rows. Reads the two columns, here and now: their names must be known before rows are numbered."""
    names = (
        rows.select(pl.col(name).unique().sort()).collect(engine="streaming").to_series() for name in (first, second)
    )
    return Pairs(first, second, *(pl.Enum(each) for each in names))


def unordered_pairs(first: str, second: str) -> Pairs:
    """Any pairs; a name's place is where this process met it."""
    return Pairs(first, second, pl.Categorical(), pl.Categorical())
