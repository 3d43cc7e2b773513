"""The order book: every order placed, every status that was sent, and what that makes of each order at the end."""

from dataclasses import dataclass, field

import numpy as np

from pipelines.generator.dice import Flags, Ints
from pipelines.generator.orders import CANCELLED, PAID, PLACED, RETURNED, Drafts
from pipelines.generator.world import World


@dataclass(frozen=True, slots=True)
class Orders:
    """Every order at the end, by number. Instants as the lake must show them; money in ten-thousandths of a yuan."""

    order_ids: list[str]
    customer: Ints
    source: Ints
    placed_count: Ints
    """2 for an order that was keyed twice."""
    status: Ints
    ordered_at: Ints
    paid_at: Ints
    """-1 when not paid."""
    last_at: Ints
    amount: Ints
    campaign: Ints

    @property
    def is_sale(self) -> Flags:
        """Neither cancelled nor returned."""
        return np.asarray((self.status != CANCELLED) & (self.status != RETURNED))


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Every line of every order, those of one order together."""

    order: Ints
    line_number: Ints
    sku: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    amount: Ints
    search_ids: list[str | None]


@dataclass(slots=True)
class OrderBook:
    """Grows as orders are placed and statuses sent."""

    order_ids: list[str] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    """By order."""
    keyed_again: dict[int, str] = field(default_factory=dict)
    """Order -> its lines in the ERP's JSON, while it waits to be keyed a second time."""
    _drafts: list[tuple[Drafts, Ints]] = field(default_factory=list)
    _search_ids: list[str | None] = field(default_factory=list)
    _sent: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)
    _of_day: dict[int, int] = field(default_factory=dict)

    def open(self, world: World, day: int, drafts: Drafts, source: Ints) -> Ints:
        """Number the orders and give them ids."""
        first = len(self.order_ids)
        count_before = self._of_day.get(day, 0)
        self._of_day[day] = count_before + len(drafts)
        name = f"SO{world.date_of(day):%Y%m%d}"
        self.order_ids += [f"{name}{number:06d}" for number in range(count_before + 1, self._of_day[day] + 1)]
        self.customers += drafts.customer.tolist()
        self._drafts.append((drafts, source))
        return np.arange(first, len(self.order_ids))

    def keep_search_ids(self, search_ids: list[str | None]) -> None:
        """The search_id each line of the newest drafts carries."""
        self._search_ids += search_ids

    def send(self, order: Ints, status: Ints, lake_at: Ints) -> None:
        """Status events that are delivered within the days."""
        self._sent.append((order, status, lake_at))

    def close(self) -> tuple[Orders, OrderLines]:
        """What became of every order."""
        count = len(self.order_ids)
        drafts = [each for each, _ in self._drafts]
        none = np.zeros(0, dtype=np.int64)
        order, status, at = (np.concatenate([none, *[each[place] for each in self._sent]]) for place in range(3))
        in_order = np.lexsort((status, at, order))
        order, status, at = order[in_order], status[in_order], at[in_order]
        last = np.searchsorted(order, np.arange(count), side="right") - 1
        orders = Orders(
            order_ids=self.order_ids,
            customer=np.concatenate([none, *[each.customer for each in drafts]]),
            source=np.concatenate([none, *[source for _, source in self._drafts]]),
            placed_count=np.bincount(order[status == PLACED], minlength=count),
            status=status[last] if count else none,
            ordered_at=_first(order, at, status == PLACED, count),
            paid_at=_first(order, at, status == PAID, count),
            last_at=at[last] if count else none,
            amount=np.concatenate([none, *[each.amounts() for each in drafts]]),
            campaign=np.concatenate([none, *[each.campaign for each in drafts]]),
        )
        sizes = np.concatenate([none, *[np.diff(each.first_line) for each in drafts]])
        of_line = np.repeat(np.arange(count), sizes)
        lines = OrderLines(
            order=of_line,
            line_number=np.arange(len(of_line)) - (np.cumsum(sizes) - sizes)[of_line] + 1,
            sku=np.concatenate([none, *[each.sku for each in drafts]]),
            quantity=np.concatenate([none, *[each.quantity for each in drafts]]),
            unit_price=np.concatenate([none, *[each.unit_price for each in drafts]]),
            discount=np.concatenate([none, *[each.discount for each in drafts]]),
            amount=np.concatenate([none, *[each.line_amounts() for each in drafts]]),
            search_ids=self._search_ids,
        )
        return orders, lines


def _first(order: Ints, at: Ints, is_wanted: Flags, count: int) -> Ints:
    """By order: the first instant of the wanted events, which are sorted by order and instant; -1 for none."""
    first = np.full(count, -1)
    wanted = np.flatnonzero(is_wanted)[::-1]
    first[order[wanted]] = at[wanted]
    return first
