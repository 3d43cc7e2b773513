"""Orders: who is due, what goes into an order, and what becomes of it in the days after."""

from dataclasses import dataclass, field

import numpy as np

from pipelines.generator.actions import choose_skus
from pipelines.generator.customers import BASKET_SIZE, MINUTES_A_DAY
from pipelines.generator.devices import DAY, HOUR, MINUTE
from pipelines.generator.dice import Dice, Ints, exponential, lognormal, wheel
from pipelines.generator.planted_effect import Acceleration
from pipelines.generator.world import CAMPAIGN_DISCOUNT_PERCENT, World

STATUSES = ("placed", "approved", "paid", "shipped", "returned", "cancelled")
PLACED, APPROVED, PAID, SHIPPED, RETURNED, CANCELLED = range(6)

# What becomes of orders, and in how many of a hundred.
PATHS = (
    ((APPROVED, PAID, SHIPPED), 84),
    ((APPROVED, PAID, SHIPPED, RETURNED), 3),
    ((APPROVED, PAID), 2),
    ((APPROVED, SHIPPED, PAID), 5),  # on account: paid after delivery
    ((APPROVED, CANCELLED), 3),
    ((CANCELLED,), 3),
)
STEPS_MAX = 4
# Minutes from the step before, by status.
STEP_WAITS = {
    APPROVED: exponential(3 * 60),
    PAID: exponential(20 * 60),
    SHIPPED: exponential(22 * 60),
    RETURNED: exponential(5 * 24 * 60),
    CANCELLED: exponential(9 * 60),
}
LEAST_STEP_MINUTES = 35  # longer than an order may take to be keyed a second time, below

# Three shop orders in a hundred are keyed into the ERP again by somebody who did not trust the shop.
KEYED_TWICE_RATIO = 0.03
KEYED_TWICE_MIN, KEYED_TWICE_MAX = 14 * MINUTE, 30 * MINUTE

SALES_REP_RATIO = 0.15
WEEKEND_WAIT_RATIO = 0.6
ROUNDS_MAX = 60  # orders of one customer in one day; more only when few customers must make very many events

SIZE_NOISE = lognormal(1_000, 0.28)  # of the usual order, in thousandths
GAP_NOISE = lognormal(1_000, 0.3)  # of the rhythm, in thousandths
LINE_NOISE = lognormal(1_000, 0.4)
LINES_MAX = 40
FROM_VISIT_RATIO, FROM_BASKET_RATIO = 0.7, 0.7


@dataclass(slots=True)
class Drafts:
    """Some orders and their lines, those of one order together. Money is ten-thousandths of a yuan."""

    customer: Ints
    first_line: Ints
    """Order -> its first line; one entry more than orders."""
    sku: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    unit: Ints
    """The product unit of the visit a line came from, -1 for none."""
    campaign: Ints
    """By order: the campaign that gave a discount, -1 for none."""

    def __len__(self) -> int:
        return len(self.customer)

    def line_amounts(self) -> Ints:
        """Quantity x price - discount, exact."""
        return np.asarray(self.quantity * self.unit_price - self.discount)

    def amounts(self) -> Ints:
        """By order: the sum of its lines."""
        passed = np.concatenate([[0], np.cumsum(self.line_amounts())])
        return np.asarray(passed[self.first_line[1:]] - passed[self.first_line[:-1]])


@dataclass(slots=True)
class Rhythm:
    """When each customer orders next, in minutes since the first business day began."""

    due: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    acceleration: Acceleration | None = None

    @classmethod
    def begin(cls, world: World, dice: Dice) -> "Rhythm":
        """Somewhere within the rhythm, after registration."""
        customers = world.customers
        first = dice.below(customers.rhythm_minutes, len(customers))
        effect = world.options.effect
        due = first + np.maximum(customers.registered_day, 0) * MINUTES_A_DAY
        return cls(due, effect.in_world(world) if effect else None)

    def take_due(self, world: World, day: int, dice: Dice) -> Ints:
        """Customers who order on this day, once for each order, and move their next order on."""
        customers = world.customers
        taken = []
        end = (day + 1) * MINUTES_A_DAY
        if self.acceleration:
            self.acceleration.begin_day(day, day * MINUTES_A_DAY, self.due)
        if world.date_of(day).weekday() >= 5:  # noqa: PLR2004 - Saturday and Sunday
            waiting = np.flatnonzero(self.due < end)
            waits = dice.chance(WEEKEND_WAIT_RATIO, len(waiting))
            self.due[waiting[waits]] = end
        for _ in range(ROUNDS_MAX):
            due = np.flatnonzero((self.due < end) & (customers.last_order_day >= day))
            if not len(due):
                break
            taken.append(due)
            gap = customers.rhythm_minutes[due] * dice.pick(GAP_NOISE, len(due)) // 1000
            if self.acceleration:
                gap = self.acceleration.shorten(day, due, gap)
            self.due[due] += np.maximum(gap, 1)
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)


def draft_orders(
    world: World, day: int, customer: Ints, first_unit: Ints, unit_count: Ints, unit_sku: Ints, dice: Dice
) -> Drafts:
    """Lines for each order: partly products of its visit (a range of units), partly the basket, partly taste."""
    customers = world.customers
    lines = customers.line_count[customer] * dice.pick(LINE_NOISE, len(customer)) // 1000
    lines = np.clip(lines, 1, LINES_MAX)
    order = np.repeat(np.arange(len(customer)), lines)
    count = len(order)
    unit = first_unit[order] + dice.below(unit_count[order], count)
    is_visited = dice.chance(FROM_VISIT_RATIO, count) & (unit_count[order] > 0)
    seen = np.where(is_visited, unit_sku[np.where(is_visited, unit, 0)] if len(unit_sku) else -1, -1)
    buyer = customer[order]
    basket = customers.basket[buyer, dice.below(BASKET_SIZE, count)]
    other = np.where(dice.chance(FROM_BASKET_RATIO, count), basket, choose_skus(world, buyer, dice))
    sku = np.where(seen >= 0, seen, other)
    unit = np.where(seen >= 0, unit, -1)
    # A product stands in an order once.
    _, kept = np.unique(order * len(world.catalogue.sku_ids) + sku, return_index=True)
    kept.sort()
    order, sku, unit = order[kept], sku[kept], unit[kept]
    return _price(world, day, customer, order, sku, unit, dice)


def _price(world: World, day: int, customer: Ints, order: Ints, sku: Ints, unit: Ints, dice: Dice) -> Drafts:
    """Quantities that bring each order near the customer's usual amount; campaign discounts."""
    customers = world.customers
    line_counts = np.bincount(order, minlength=len(customer))
    wanted = customers.usual_order[customer] * dice.pick(SIZE_NOISE, len(customer)) // 1000
    price = world.sku_price[sku, customers.tier[customer[order]]]
    # Dear products would burst a small order: what costs more than the order should is left out, but for one line.
    is_dear = price > wanted[order]
    first = np.concatenate([[True], np.diff(order) != 0])[: len(order)]
    keep = ~is_dear | first
    order, sku, unit, price = order[keep], sku[keep], unit[keep], price[keep]
    line_counts = np.bincount(order, minlength=len(customer))
    share = wanted[order] // line_counts[order] * dice.pick(LINE_NOISE, len(order)) // 1000
    quantity = np.maximum((share + price // 2) // price, 1)
    discount = np.zeros(len(order), dtype=np.int64)
    campaign = np.full(len(customer), -1)
    active = int(world.campaign_of_day[day])
    if active >= 0:
        promoted = world.catalogue.category[sku] == world.campaigns[active].category
        discount = np.where(promoted, quantity * price * CAMPAIGN_DISCOUNT_PERCENT // 100, 0)
        campaign[order[promoted]] = active
    return Drafts(
        customer=customer,
        first_line=np.concatenate([[0], np.cumsum(line_counts)]),
        sku=sku,
        quantity=quantity,
        unit_price=price,
        discount=discount,
        unit=unit,
        campaign=campaign,
    )


@dataclass(slots=True)
class Steps:
    """Status changes of orders, in columns; `order` is the number in the order book."""

    order: Ints
    status: Ints
    happened_at: Ints


def plan_steps(order: Ints, placed_at: Ints, dice: Dice) -> Steps:
    """Everything that will become of each order, however far after the last day."""
    paths = np.full((len(PATHS), STEPS_MAX), -1)
    for number, (path, _) in enumerate(PATHS):
        paths[number, : len(path)] = path
    chosen = paths[dice.pick(wheel([percent for _, percent in PATHS]), len(order))]
    at = placed_at.copy()
    columns = []
    for step in range(STEPS_MAX):
        status = chosen[:, step]
        wait = np.zeros(len(order), dtype=np.int64)
        for each, table in STEP_WAITS.items():
            drawn = dice.pick(table, len(order))
            wait = np.where(status == each, drawn, wait)
        at = _in_business_hours(at + (LEAST_STEP_MINUTES + wait) * MINUTE + dice.below(MINUTE, len(order)))
        has_step = status >= 0
        columns.append((order[has_step], status[has_step], at[has_step]))
    return Steps(*(np.concatenate([column[place] for column in columns]) for place in range(3)))


def _in_business_hours(at: Ints) -> Ints:
    """People approve, pay and ship between 08:00 and 20:00; what falls into the night waits for the morning."""
    local = (at + 8 * HOUR) % DAY
    wait = np.where(local < 8 * HOUR, 8 * HOUR - local, np.where(local >= 20 * HOUR, 32 * HOUR - local, 0))
    return at + wait + np.where(wait > 0, at % (40 * MINUTE), 0)
