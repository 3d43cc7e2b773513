"""The back office: sales reps key orders into the ERP, which also says what becomes of every order.

The ERP pushes every five minutes. An order's first steps on the day it was placed come with the nightly export of that
day, early next morning: late events that every nightly run meets.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import ORDER
from pipelines.generator.devices import DAY, ERP, HOUR, MINUTE, SECOND
from pipelines.generator.dice import Dice, Ints
from pipelines.generator.lines import COLLECTOR_DIGITS
from pipelines.generator.order_book import OrderBook
from pipelines.generator.order_text import office_texts
from pipelines.generator.orders import (
    KEYED_TWICE_MAX,
    KEYED_TWICE_MIN,
    KEYED_TWICE_RATIO,
    PLACED,
    STATUSES,
    Drafts,
    Steps,
    draft_orders,
    plan_steps,
)
from pipelines.generator.parcels import FIRST, pack
from pipelines.generator.text import hexadecimals, instants, join, money, quoted, side_by_side, text_table, texts
from pipelines.generator.world import World

PUSH_EVERY = 5 * MINUTE
NIGHTLY_EXPORT = 90 * MINUTE  # after midnight
REP_DAY_START, REP_DAY_END = 8 * HOUR, 18 * HOUR
ERP_DIGITS = 6
REPS = tuple(quoted(f"业务员{name}", is_ascii=True) for name in "张王李赵刘陈杨黄周吴")


@dataclass(slots=True)
class Office:
    """Statuses that wait for the day they are delivered on, by that day."""

    book: OrderBook
    waiting: dict[int, list[Steps]] = field(default_factory=dict)

    def plan(self, world: World, day: int, order: Ints, placed_at: Ints, drafts: Drafts | None, dice: Dice) -> None:
        """Plan what becomes of orders placed on `day`; with `drafts`, some are keyed a second time."""
        steps = plan_steps(order, placed_at, dice)
        if drafts is not None:
            again = dice.chance(KEYED_TWICE_RATIO, len(order))
            kept = [each for each in office_texts(world, drafts, again) if each]
            self.book.keyed_again |= dict(zip(order[again].tolist(), kept, strict=True))
            keyed_at = placed_at[again] + dice.between(KEYED_TWICE_MIN, KEYED_TWICE_MAX, len(kept))
            steps = Steps(
                np.concatenate([steps.order, order[again]]),
                np.concatenate([steps.status, np.full(len(kept), PLACED)]),
                np.concatenate([steps.happened_at, keyed_at]),
            )
        happens_on = (steps.happened_at - world.start_at) // DAY
        delivered_on = np.where(happens_on == day, day + 1, happens_on)
        for each in np.unique(delivered_on[delivered_on < world.options.days]).tolist():
            self.waiting.setdefault(each, []).append(_some(steps, delivered_on == each))

    def take_steps(self, world: World, day: int, most: int) -> Steps:
        """The first `most` statuses delivered on `day`; the rest waits for the next day, if there is one."""
        waiting = self.waiting.pop(day, [])
        none = np.zeros(0, dtype=np.int64)
        steps = Steps(*(np.concatenate([none, *[getattr(each, name) for each in waiting]]) for name in Steps.__slots__))
        in_order = np.lexsort((steps.status, steps.order, steps.happened_at))
        if len(in_order) > most and day + 1 < world.options.days:
            self.waiting.setdefault(day + 1, []).append(_some(steps, in_order[most:]))
        return _some(steps, in_order[:most])

    def send_steps(self, world: World, day: int, steps: Steps, dice: Dice) -> pa.RecordBatch:
        """The parcels of statuses, and of orders keyed a second time."""
        book, order = self.book, steps.order.tolist()
        lines = [
            f', "placed_by": "sales_rep", "lines": {book.keyed_again.pop(number)}' if status == PLACED else ""
            for number, status in zip(order, steps.status.tolist(), strict=True)
        ]
        nightly = world.day_at(day) + NIGHTLY_EXPORT
        return self._send(world, steps, np.maximum(_next_push(steps.happened_at), nightly), lines, dice)

    def take_rep_orders(self, world: World, day: int, customer: Ints, dice: Dice) -> pa.RecordBatch:
        """Draft, book and send the orders that sales reps key in for these customers."""
        count = len(customer)
        nothing = np.zeros(count, dtype=np.int64)
        drafts = draft_orders(world, day, customer, nothing, nothing, nothing[:0], dice)
        order = self.book.open(world, day, drafts, np.full(count, ERP))
        self.book.keep_search_ids([None] * len(drafts.sku))
        happened_at = world.day_at(day) + REP_DAY_START + dice.below(REP_DAY_END - REP_DAY_START, count)
        self.plan(world, day, order, happened_at, None, dice)
        lines = [
            f', "placed_by": "sales_rep", "lines": {text}, "amount": "{money(amount)}", "currency": "CNY", '
            f'"properties": {{"rep": {REPS[rep]}}}'
            for text, amount, rep in zip(
                office_texts(world, drafts, np.ones(count, dtype=bool)),
                drafts.amounts().tolist(),
                dice.below(len(REPS), count).tolist(),
                strict=True,
            )
        ]
        steps = Steps(order, np.full(count, PLACED), happened_at)
        return self._send(world, steps, _next_push(happened_at), lines, dice)

    def _send(self, world: World, steps: Steps, sent_at: Ints, more: list[str], dice: Dice) -> pa.RecordBatch:
        """Every ERP line has the spaces of its JSON library, escapes all that is not ASCII, and knows no device."""
        count = len(more)
        self.book.send(steps.order, steps.status, steps.happened_at)
        ids = side_by_side(count, "erp-", hexadecimals(dice.words(count)))
        received_at = sent_at + dice.between(SECOND // 20, 3 * SECOND, count)
        head = side_by_side(
            count,
            '{"event_id": "',
            ids,
            '", "event_type": "order", "occurred_at": "',
            instants(steps.happened_at, ERP_DIGITS, "+08:00"),
            '", "sent_at": "',
            instants(sent_at, 0, "+08:00"),
            '", "received_at": "',
            instants(received_at, COLLECTOR_DIGITS, "Z"),
        )
        book, customer_ids = self.book, world.customers.customer_ids
        rest = [
            f'", "customer_id": "{customer_ids[book.customers[order]]}", "channel": "erp", "order_id": "{book.order_ids[order]}", '
            f'"status": "{STATUSES[status]}"{fields}}}\n'
            for order, status, fields in zip(steps.order.tolist(), steps.status.tolist(), more, strict=True)
        ]
        customer = np.asarray([book.customers[order] for order in steps.order.tolist()], dtype=np.int64)
        return pack(
            join(texts(head), text_table(rest)),
            texts(ids),
            role=FIRST,
            due_day=(received_at - world.start_at) // DAY,
            arrives_at=received_at,
            kind=ORDER,
            happened_at=steps.happened_at,
            lake_at=steps.happened_at,
            is_corrected=np.zeros(count, dtype=bool),
            customer=customer,
            actual_customer=customer,
            order=steps.order,
        )


def _some(steps: Steps, which: Ints) -> Steps:
    return Steps(steps.order[which], steps.status[which], steps.happened_at[which])


def _next_push(at: Ints) -> Ints:
    return -(-at // PUSH_EVERY) * PUSH_EVERY
