"""A planted effect: some customers order more often for some days, as though a campaign had moved them.

Their time runs faster in those days, by the percentage: what they would have done in 14 days with 20 % they do in 14 days
of 1.2. So the expected number of their orders is higher by exactly that, and nothing else about them changes. When the
days are over, time runs as before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipelines.generator.dice import Flags, Ints
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.generator.world import World

LEAST_PERCENT, MOST_PERCENT = -90, 900


@dataclass(frozen=True, kw_only=True)
class PlantedEffect:
    """Who orders more often, by how much, from which business day on and for how many days."""

    customer_ids: Collection[str]
    percent: int
    first_date: date
    days: int

    def __post_init__(self) -> None:
        """Refuse what makes no sense, in one line."""
        if not LEAST_PERCENT <= self.percent <= MOST_PERCENT:
            raise UsageError(f"the effect is {self.percent} percent; give {LEAST_PERCENT} to {MOST_PERCENT}")
        if self.days < 1:
            raise UsageError(f"the effect lasts {self.days} days; give 1 or more")

    def in_world(self, world: "World") -> "Acceleration":
        """The effect upon the customers of a world. UsageError when it knows one of them not, or not the day."""
        first_day = (self.first_date - world.options.start_date).days
        if not 0 <= first_day < world.options.days:
            raise UsageError(
                f"the effect begins on {self.first_date}; the days are {world.options.start_date} to {world.options.end_date}"
            )
        number_of = {name: number for number, name in enumerate(world.customers.customer_ids)}
        unknown = sorted(set(self.customer_ids) - number_of.keys())
        if unknown:
            raise UsageError(f"the effect is on {unknown[0]}, who is no customer of this wholesaler")
        is_treated = np.zeros(len(world.customers), dtype=np.bool_)
        is_treated[[number_of[name] for name in self.customer_ids]] = True
        return Acceleration(is_treated, self.percent, first_day, first_day + self.days)


@dataclass(frozen=True)
class Acceleration:
    """The effect by numbers: customers, and days from the first business day on, the last not included."""

    is_treated: Flags
    percent: int
    first_day: int
    end_day: int

    def begin_day(self, day: int, now: int, due: Ints) -> None:
        """Change in place what is due, where time begins or ends to run faster."""
        if day == self.first_day:
            due[self._treated] = now + self._faster(due[self._treated] - now)
        elif day == self.end_day:
            due[self._treated] = now + (due[self._treated] - now) * (100 + self.percent) // 100

    def shorten(self, day: int, customer: Ints, gap: Ints) -> Ints:
        """The gaps to the next orders of these customers, for an order of that day."""
        if not self.first_day <= day < self.end_day:
            return gap
        return np.where(self.is_treated[customer], self._faster(gap), gap)

    @cached_property
    def _treated(self) -> Ints:
        return np.flatnonzero(self.is_treated)

    def _faster(self, minutes: Ints) -> Ints:
        return np.asarray(minutes * 100 // (100 + self.percent))
