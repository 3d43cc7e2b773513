"""What they buy with: browsers, phones and mini-programs, each with its clock and its client's habits."""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.customers import Customers
from pipelines.generator.dice import Dice, Flags, Ints, wheel

SOURCES = ("web", "app", "miniprogram", "erp")
WEB, APP, MINIPROGRAM, ERP = range(4)
SOURCE_PERCENTS = (48, 30, 22)

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

# Clocks wrong by more than the contract's 10 minutes: a zone that was set wrong, a date that was typed wrong, and a
# battery that died, after which a tablet believes in a day eight years ago.
WRONG_CLOCKS = (-3 * HOUR, -1 * HOUR, -25 * MINUTE, 15 * MINUTE, 2 * HOUR, 8 * HOUR, 1 * DAY, 2 * DAY, -2_900 * DAY)
WRONG_CLOCK_PERCENTS = (25, 15, 10, 10, 10, 12, 10, 5, 3)
WRONG_CLOCK_RATIO = 0.03
# Slightly wrong clocks stand as they are. At most 4 minutes fast, for 5 minutes after receipt is a reject; at most 9
# slow, for the way to the collector takes some of the 10 that start a correction.
SLIGHTLY_WRONG_RATIO = 0.15
FAST_MAX, SLOW_MAX = 4 * MINUTE, 9 * MINUTE
GOOD_CLOCK = 2 * SECOND

NO_SENT_AT_RATIO = 0.06
SEARCH_ID_RATIO = 0.3  # most clients send no search_id
SESSION_ID_RATIO = 0.6
EXPLICIT_NULL_RATIO = 0.2  # clients that write "customer_id":null instead of leaving it out
# A counter shared by the shops of a market street, or the tablet of a sales rep.
CUSTOMERS_A_SHARED_DEVICE = 400
SECOND_DEVICE_RATIO = 0.45


@dataclass(frozen=True, slots=True)
class Devices:
    """Every device, by number: those of customers in the order of their owners, then shared ones, then visitors'."""

    anonymous_ids: tuple[str, ...]
    customer: Ints
    """-1 for shared devices and for visitors who never become customers."""
    buyer: Ints
    source: Ints
    clock_offset: Ints
    """Microseconds the device's clock is ahead."""
    has_sent_at: Flags
    has_search_id: Flags
    has_session_id: Flags
    has_nulls: Flags
    first_of_customer: Ints
    count_of_customer: Ints
    first_shared: int
    first_visitor: int

    def __len__(self) -> int:
        return len(self.anonymous_ids)


def build_devices(customers: Customers, dice: Dice) -> Devices:
    """One or two devices a buyer; shared devices; as many visitors' devices as there are customers."""
    buyers = int(customers.buyer_count.sum())
    customer_of_buyer = np.repeat(np.arange(len(customers)), customers.buyer_count)
    first_buyer = np.cumsum(customers.buyer_count) - customers.buyer_count
    buyer_number = np.arange(buyers) - first_buyer[customer_of_buyer]
    devices_of_buyer = 1 + dice.chance(SECOND_DEVICE_RATIO, buyers).astype(np.int64)
    owned = np.repeat(np.arange(buyers), devices_of_buyer)
    shared = 1 + len(customers) // CUSTOMERS_A_SHARED_DEVICE
    visitors = len(customers)
    count = len(owned) + shared + visitors
    nobody = np.full(shared + visitors, -1)
    customer = np.concatenate([customer_of_buyer[owned], nobody])
    count_of_customer = np.bincount(customer_of_buyer[owned], minlength=len(customers))
    source = dice.pick(wheel(SOURCE_PERCENTS), count)
    has_sent_at = ~dice.chance(NO_SENT_AT_RATIO, count)
    return Devices(
        anonymous_ids=_anonymous_ids(source, dice),
        customer=customer,
        buyer=np.concatenate([buyer_number[owned], nobody]),
        source=source,
        clock_offset=_clock_offsets(count, has_sent_at, dice),
        has_sent_at=has_sent_at,
        has_search_id=dice.chance(SEARCH_ID_RATIO, count),
        has_session_id=dice.chance(SESSION_ID_RATIO, count),
        has_nulls=dice.chance(EXPLICIT_NULL_RATIO, count),
        first_of_customer=np.cumsum(count_of_customer) - count_of_customer,
        count_of_customer=count_of_customer,
        first_shared=len(owned),
        first_visitor=len(owned) + shared,
    )


def _clock_offsets(count: int, has_sent_at: Flags, dice: Dice) -> Ints:
    """A client without sent_at cannot be corrected, so its clock must do."""
    is_wrong = dice.chance(WRONG_CLOCK_RATIO, count) & has_sent_at
    wrong = np.asarray(WRONG_CLOCKS)[dice.pick(wheel(WRONG_CLOCK_PERCENTS), count)]
    # Three devices are wrong whatever the dice say, so that the smallest demo has slow, fast and dead clocks.
    is_wrong[:3], wrong[:3] = has_sent_at[:3], (WRONG_CLOCKS[0], WRONG_CLOCKS[-2], WRONG_CLOCKS[-1])
    slightly = dice.between(-SLOW_MAX, FAST_MAX, count)
    good = dice.between(-GOOD_CLOCK, GOOD_CLOCK, count)
    return np.where(is_wrong, wrong, np.where(dice.chance(SLIGHTLY_WRONG_RATIO, count), slightly, good))


def _anonymous_ids(source: Ints, dice: Dice) -> tuple[str, ...]:
    """Each kind of client has its own form of device id."""
    forms = ("{:016x}", "android-{:016x}", "oMP_{:016x}")
    words = dice.words(len(source)).tolist()
    return tuple(forms[which].format(word) for which, word in zip(source.tolist(), words, strict=True))
