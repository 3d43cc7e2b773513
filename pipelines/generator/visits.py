"""Who comes to the shop, when, on which device, and when they log in."""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.devices import HOUR, MINUTE, SECOND
from pipelines.generator.dice import TABLE_SIZE, Dice, Flags, Ints, wheel
from pipelines.generator.world import World

# Weight of each hour of the day: mornings, early afternoons, and a little at night.
HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 8, 22, 60, 95, 100, 80, 45, 55, 85, 90, 85, 70, 45, 30, 28, 25, 15, 6)
# A slow clock may put the first events 9 minutes early; they must stay within the days.
FIRST_VISIT_AFTER = 15 * MINUTE

VISITOR_RATIO, SHARED_DEVICE_RATIO = 0.04, 0.004
# Logged in from the first event; logging in on the way; never.
LOGIN_PERCENTS, ORDERING_LOGIN_PERCENTS = (72, 20, 8), (75, 25, 0)
FROM_THE_START, ON_THE_WAY, NEVER = range(3)


@dataclass(frozen=True, slots=True)
class Part:
    """A slice of a business day: the `number`-th of `count`, cut where the day's visits start."""

    day: int
    number: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class Visits:
    """Some visits of one part of a day, by number."""

    customer: Ints
    """Who really comes; -1 for a visitor who never becomes a customer."""
    buyer: Ints
    device: Ints
    start_at: Ints
    login: Ints
    is_ordering: Flags

    def __len__(self) -> int:
        return len(self.customer)


def _start_table() -> Ints:
    """Quantiles of the second of the day at which a visit starts."""
    edges = np.concatenate([[0], np.cumsum(HOUR_WEIGHTS)])
    wanted = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE * edges[-1]
    starts: Ints = np.rint(np.interp(wanted, edges, np.arange(25) * 3600)).astype(np.int64)
    return starts


STARTS = _start_table()
LOGINS, ORDERING_LOGINS = wheel(LOGIN_PERCENTS), wheel(ORDERING_LOGIN_PERCENTS)


def plan_visits(world: World, part: Part, ordering: Ints, count: int, dice: Dice) -> Visits:
    """One visit of each ordering customer, who will order, and `count` others."""
    total = len(ordering) + count
    is_ordering = np.arange(total) < len(ordering)
    customer = np.concatenate([ordering, dice.pick(world.customers.by_activity, count)])
    is_visitor = dice.chance(VISITOR_RATIO, total) & ~is_ordering
    is_shared = dice.chance(SHARED_DEVICE_RATIO, total)
    device, buyer = _devices(world, customer, is_visitor, is_shared, dice)
    login = np.where(is_ordering, dice.pick(ORDERING_LOGINS, total), dice.pick(LOGINS, total))
    is_registered = world.customers.registered_day[customer] <= part.day
    return Visits(
        customer=np.where(is_visitor, -1, customer),
        buyer=buyer,
        device=device,
        start_at=_start_times(world, part, total, dice),
        login=np.where(is_visitor | ~is_registered, NEVER, login),
        is_ordering=is_ordering,
    )


def _devices(world: World, customer: Ints, is_visitor: Flags, is_shared: Flags, dice: Dice) -> tuple[Ints, Ints]:
    """The device of each visit and the buyer who holds it."""
    devices, count = world.devices, len(customer)
    own = devices.first_of_customer[customer] + dice.below(devices.count_of_customer[customer], count)
    shared = devices.first_shared + dice.below(devices.first_visitor - devices.first_shared, count)
    visitors = devices.first_visitor + dice.below(len(devices) - devices.first_visitor, count)
    device = np.where(is_visitor, visitors, np.where(is_shared, shared, own))
    return device, np.where(is_shared, 0, devices.buyer[own])


def _start_times(world: World, part: Part, count: int, dice: Dice) -> Ints:
    low, high = (TABLE_SIZE * each // part.count for each in (part.number, part.number + 1))
    seconds = STARTS[low + dice.below(high - low, count)] + dice.below(30, count)
    start_at = world.day_at(part.day) + seconds * SECOND + dice.below(SECOND, count)
    return np.asarray(np.maximum(start_at, world.start_at + FIRST_VISIT_AFTER + dice.below(HOUR // 2, count)))
