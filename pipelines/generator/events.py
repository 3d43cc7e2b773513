"""The events of some visits, in columns, with their true instants; what clients and clocks make of them comes later."""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.actions import (
    FAVORITE,
    HEADER,
    KINDS,
    PRODUCT,
    SEARCH_RESULT,
    SLOTS,
    VIEW,
    Units,
)
from pipelines.generator.devices import MINUTE, SECOND, WEB
from pipelines.generator.dice import Dice, Flags, Ints, exponential
from pipelines.generator.visits import FROM_THE_START, NEVER, Visits
from pipelines.generator.world import World

# Mean microseconds between an event and the one before, by the unit's type and the slot.
GAPS = np.asarray(
    [
        [25 * SECOND, 25 * SECOND, SECOND // 3, 18 * SECOND],  # header: keystroke, search, result, second page
        [8 * SECOND, 16 * SECOND, 9 * SECOND, 25 * SECOND],  # product: click, view, favourite, taken back
        [50 * SECOND] * SLOTS,  # order
    ]
)
AFTER_KEYSTROKE, AFTER_CLICK = 1_500_000, 900_000
LEAST_GAP = 40_000
WAITS = exponential(1024)

# Some visitors are called to the counter: longer than the 30 minutes that part two sessions.
PAUSE_RATIO, PAUSE_MIN, PAUSE_MAX = 0.02, 33 * MINUTE, 75 * MINUTE
# The last events reach the collector within the days, whatever the way takes.
QUIET_END = 15 * MINUTE

DWELL_STEPS = 600  # half seconds
DWELL_RATIO = 0.35


@dataclass(slots=True)
class Events:
    """Columns of equal length, visit by visit. -1 stands for none."""

    kind: Ints
    visit: Ints
    happened_at: Ints
    is_logged_in: Flags
    sku: Ints
    query: Ints
    search: Ints
    place: Ints
    position: Ints
    page: Ints
    dwell: Ints
    """Half seconds on the page."""
    is_removal: Flags
    unit: Ints
    first_of_visit: Ints
    """Visit -> its first event, of the visits that have any; one entry more than visits."""

    def __len__(self) -> int:
        return len(self.kind)


def make_events(world: World, visits: Visits, units: Units, most: int, dice: Dice) -> Events:
    """The first `most` events of the units, visit by visit, so that a visit cut short keeps its beginning."""
    cell = np.flatnonzero(units.happens)[:most]
    unit, slot = cell // SLOTS, cell % SLOTS
    visit = units.visit[unit]
    kind = KINDS[units.type[unit], slot]
    first_of_visit = np.searchsorted(visit, np.arange(len(visits) + 1))
    query = units.query[unit]
    is_keystroke = (units.type[unit] == HEADER) & (slot == 0)
    is_product = units.type[unit] == PRODUCT
    happened_at = _instants(world, visits, units, cell, first_of_visit, dice)
    return Events(
        kind=kind,
        visit=visit,
        happened_at=happened_at,
        is_logged_in=_logged_in(visits, visit, first_of_visit, dice),
        sku=units.sku[unit],
        query=np.where(is_keystroke, world.vocabulary.prefix[query], np.where(is_product, -1, query)),
        search=np.where(is_keystroke, -1, units.search[unit]),
        place=units.place[unit],
        position=units.position[unit],
        page=np.where(kind == SEARCH_RESULT, slot - 1, -1),
        dwell=_dwells(world, visits, visit, kind, dice),
        is_removal=(kind == FAVORITE) & (slot == SLOTS - 1),
        unit=unit,
        first_of_visit=first_of_visit,
    )


def _instants(world: World, visits: Visits, units: Units, cell: Ints, first_of_visit: Ints, dice: Dice) -> Ints:
    unit, slot = cell // SLOTS, cell % SLOTS
    kind_of_unit, happens = units.type[unit], units.happens[unit]
    mean = GAPS[kind_of_unit, slot]
    mean = np.where((kind_of_unit == HEADER) & (slot == 1) & happens[:, 0], AFTER_KEYSTROKE, mean)
    mean = np.where((kind_of_unit == PRODUCT) & (slot == 1) & happens[:, 0], AFTER_CLICK, mean)
    gap = LEAST_GAP + (mean * dice.pick(WAITS, len(cell)) >> 10)
    _pause(gap, first_of_visit, dice)
    passed = np.cumsum(gap)
    visit = units.visit[unit]
    counts = np.diff(first_of_visit)
    has_events = np.flatnonzero(counts)
    begin = np.zeros(len(visits), dtype=np.int64)
    begin[has_events] = passed[first_of_visit[has_events]]
    happened_at: Ints = visits.start_at[visit] + passed - begin[visit]
    # A visit that would outlast the days begins earlier instead.
    late = np.zeros(len(visits), dtype=np.int64)
    late[has_events] = happened_at[first_of_visit[has_events + 1] - 1] - (world.end_at - QUIET_END)
    return happened_at - np.maximum(late, 0)[visit]


def _pause(gap: Ints, first_of_visit: Ints, dice: Dice) -> None:
    """Put one long pause into some visits, anywhere but before their first event."""
    counts = np.diff(first_of_visit)
    pausing = np.flatnonzero(dice.chance(PAUSE_RATIO, len(counts)) & (counts > 1))
    where = first_of_visit[pausing] + 1 + dice.below(counts[pausing] - 1, len(pausing))
    gap[where] += dice.between(PAUSE_MIN, PAUSE_MAX, len(pausing))


def _logged_in(visits: Visits, visit: Ints, first_of_visit: Ints, dice: Dice) -> Flags:
    """Whether the visit's login came before the event; who logs in on the way does so after one event at least."""
    counts = np.diff(first_of_visit)
    on_the_way = 1 + dice.below(np.maximum(counts - 1, 0), len(counts))
    from_event = np.where(visits.login == FROM_THE_START, 0, np.where(visits.login == NEVER, 1 << 40, on_the_way))
    # An order needs a customer: it is the last event, so that a login on the way comes in time, unless it is alone.
    from_event = np.where(visits.is_ordering & (counts == 1), 0, from_event)
    return np.asarray(np.arange(len(visit)) - first_of_visit[visit] >= from_event[visit])


def _dwells(world: World, visits: Visits, visit: Ints, kind: Ints, dice: Dice) -> Ints:
    """Only apps and mini-programs measure how long a page was open."""
    has_dwell = (
        (kind == VIEW) & dice.chance(DWELL_RATIO, len(kind)) & (world.devices.source[visits.device[visit]] != WEB)
    )
    return np.where(has_dwell, dice.between(1, DWELL_STEPS, len(kind)), -1)
