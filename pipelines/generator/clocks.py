"""What clients, their clocks and the collector make of an instant: batches, delays, offsets, and the lake's correction."""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.devices import APP, HOUR, MINIPROGRAM, MINUTE, SECOND
from pipelines.generator.dice import Dice, Flags, Ints, lognormal
from pipelines.generator.events import Events
from pipelines.generator.visits import Part, Visits
from pipelines.generator.world import World

CORRECTION_FROM = 10 * MINUTE
"""The contract: a client whose clock is off by more is corrected."""

# How long a client gathers events before it sends them in one request.
GATHER = np.asarray([2 * SECOND, 20 * SECOND, 8 * SECOND])
# What a client's clock reads to: milliseconds, and whole seconds in the mini-program.
RESOLUTION = np.asarray([1_000, 1_000, SECOND, 1])
LATENCIES = np.clip(lognormal(120_000, 0.8), 8_000, 8 * SECOND)
SEND_DELAY_MAX = SECOND

# Apps that were offline deliver whole visits one to three days later, when they are next opened.
OFFLINE_RATIO, OFFLINE_DAYS_MAX = 0.03, 3


@dataclass(slots=True)
class Requests:
    """Requests of some events, and what each event's client said. Microseconds since 1970."""

    of_event: Ints
    visit: Ints
    sent_at: Ints
    """By the client's clock."""
    received_at: Ints
    occurred_at: Ints
    """By event: the client's clock when it happened."""
    lake_at: Ints
    """By event: `occurred_at` as the lake must show it."""
    is_corrected: Flags
    """By event."""


def send(world: World, part: Part, visits: Visits, events: Events, dice: Dice) -> Requests:
    """Gather events into requests, send them by the client's clock, receive them by the collector's."""
    devices = world.devices
    source = devices.source[visits.device]
    bucket = (events.happened_at - visits.start_at[events.visit]) // GATHER[source[events.visit]]
    begins = np.ones(len(events), dtype=bool)
    begins[1:] = (np.diff(events.visit) != 0) | (np.diff(bucket) != 0)
    of_event = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(events)) - 1
    visit = events.visit[first]
    count = len(first)
    truly_sent = events.happened_at[last] + dice.below(SEND_DELAY_MAX, count)
    opened_again = _offline_until(world, part, visits, source, dice)[visit]
    # Kept requests go out one after the other when the app is opened.
    truly_sent = np.where(opened_again > 0, opened_again + np.arange(count) * 1000 % MINUTE, truly_sent)
    received = truly_sent + dice.pick(LATENCIES, count) + dice.below(1000, count)

    offset = devices.clock_offset[visits.device]
    resolution = RESOLUTION[source]
    sent = _read(truly_sent + offset[visit], resolution[visit])
    occurred = _read(events.happened_at + offset[events.visit], resolution[events.visit])
    skew = np.where(devices.has_sent_at[visits.device[visit]], received - sent, 0)
    correction = np.where(np.abs(skew) > CORRECTION_FROM, skew, 0)[of_event]
    return Requests(
        of_event=of_event,
        visit=visit,
        sent_at=sent,
        received_at=received,
        occurred_at=occurred,
        lake_at=occurred + correction,
        is_corrected=correction != 0,
    )


def _offline_until(world: World, part: Part, visits: Visits, source: Ints, dice: Dice) -> Ints:
    """When each visit's events can be sent, 0 for at once. A delivery after the last day would be no delivery."""
    count = len(visits)
    day = part.day + dice.between(1, OFFLINE_DAYS_MAX, count)
    is_offline = dice.chance(OFFLINE_RATIO, count) & ((source == APP) | (source == MINIPROGRAM))
    is_offline &= day < world.options.days
    opened = world.start_at + day * 24 * HOUR + dice.between(7 * HOUR, 21 * HOUR, count)
    return np.where(is_offline, opened, 0)


def _read(instants: Ints, resolution: Ints) -> Ints:
    """The clock's reading, cut to what it reads to."""
    return instants // resolution * resolution
