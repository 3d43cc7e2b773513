"""The shop from day to day: who orders, who comes, what is placed, and the parcels of each part of a day."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import FAVORITE, ORDER, SLOTS, Units, plan_units
from pipelines.generator.clocks import Requests, send
from pipelines.generator.devices import APP, ERP, HOUR, MINIPROGRAM, WEB
from pipelines.generator.dice import Dice, Ints, spread
from pipelines.generator.events import Events, make_events
from pipelines.generator.lines import Batch, write_lines
from pipelines.generator.office import Office
from pipelines.generator.order_book import OrderBook
from pipelines.generator.order_text import shop_texts
from pipelines.generator.orders import PLACED, SALES_REP_RATIO, Rhythm, draft_orders
from pipelines.generator.styles import Style, build_style
from pipelines.generator.text import Bytes, hexadecimals
from pipelines.generator.visits import Part, Visits, plan_visits
from pipelines.generator.world import EVENTS_A_PART, ORDERS_KEY, VISITS_KEY, World

Parcels = list[tuple[int, pa.RecordBatch]]
"""Lines on their way, by landing source."""

# Visits are drawn until a part is full, so this decides speed alone: too small wastes events, too large batches.
EVENTS_A_VISIT = 16.0
LINE_SEARCH_ID_RATIO = 0.9
# Favourites of the late evening are not remembered: the next day's first visit might come before them.
FAVORITES_UNTIL = 22 * HOUR


@dataclass(slots=True)
class Shop:
    """What changes from day to day."""

    world: World
    styles: dict[int, Style]
    rhythm: Rhythm
    office: Office
    last_favorite: Ints
    """By customer: a SKU on the favourites list, -1 for none."""
    new_favorites: list[tuple[Ints, Ints]] = field(default_factory=list)
    visit_count: int = 0

    @classmethod
    def open(cls, world: World) -> "Shop":
        """The shop before its first day."""
        return cls(
            world=world,
            styles={source: build_style(world, source) for source in (WEB, APP, MINIPROGRAM)},
            rhythm=Rhythm.begin(world, world.dice(ORDERS_KEY)),
            office=Office(OrderBook()),
            last_favorite=np.full(len(world.customers), -1),
        )

    def parts_of(self, day: int) -> Iterator[Parcels]:
        """The parcels of a business day, a part of the day at a time, so that memory does not grow with the day."""
        wanted = self.world.events_of_day[day]
        count = max(1, -(-wanted // EVENTS_A_PART))
        dice = self.world.dice(ORDERS_KEY, day)
        due = self.rhythm.take_due(self.world, day, dice)
        part_of_due = dice.below(count, len(due))
        by_rep = dice.chance(SALES_REP_RATIO, len(due))
        for number, quota in enumerate(spread(wanted, [1] * count)):
            mine = part_of_due == number
            dice = self.world.dice(VISITS_KEY, day, number)
            yield self._part(Part(day, number, count), quota, due[mine & by_rep], due[mine & ~by_rep], dice)
        for customer, sku in self.new_favorites:
            self.last_favorite[customer] = sku
        self.new_favorites.clear()

    def _part(self, part: Part, quota: int, by_rep: Ints, ordering: Ints, dice: Dice) -> Parcels:
        """Exactly `quota` events: what the ERP delivers, what sales reps key in, and visits for the rest."""
        parcels: Parcels = []
        if part.number == 0:
            steps = self.office.take_steps(self.world, part.day, quota)
            parcels.append((ERP, self.office.send_steps(self.world, part.day, steps, dice)))
            quota -= len(parcels[-1][1])
        parcels.append((ERP, self.office.take_rep_orders(self.world, part.day, by_rep[:quota], dice)))
        quota -= len(parcels[-1][1])
        while quota > 0:
            # A few more than needed on average: the last visit is cut short, a second round is rarely needed.
            others = max(int(quota * 1.02 / EVENTS_A_VISIT) + 2 - len(ordering), 0)
            batch = self._visit(part, ordering, others, quota, dice)
            parcels += [
                (source, write_lines(self.world, style, source, batch, dice)) for source, style in self.styles.items()
            ]
            quota -= len(batch.events)
            ordering = ordering[:0]
        return parcels

    def _visit(self, part: Part, ordering: Ints, others: int, most: int, dice: Dice) -> Batch:
        """One batch of visits, the ordering customers' first, with at most `most` events."""
        visits = plan_visits(self.world, part, ordering, others, dice)
        units = plan_units(self.world, part, visits, self.last_favorite, dice)
        events = make_events(self.world, visits, units, most, dice)
        requests = send(self.world, part, visits, events, dice)
        search_ids = hexadecimals(dice.words(int(units.search.max(initial=-1)) + 1))
        orders, order_texts = self._place_orders(part, visits, units, events, requests, search_ids, dice)
        self._note_favorites(part, visits, units, events)
        self.visit_count += len(visits)
        return Batch(visits, events, requests, search_ids, orders, order_texts, self.visit_count - len(visits))

    def _place_orders(
        self,
        part: Part,
        visits: Visits,
        units: Units,
        events: Events,
        requests: Requests,
        search_ids: Bytes,
        dice: Dice,
    ) -> tuple[Ints, list[str]]:
        """Draft, book and plan the orders whose events were not cut off; their numbers and their texts."""
        world, book = self.world, self.office.book
        placed = np.flatnonzero(events.kind == ORDER)
        visit = events.visit[placed]
        first_unit = units.first_of_visit[visit]
        unit_count = units.first_of_visit[visit + 1] - first_unit
        drafts = draft_orders(world, part.day, visits.customer[visit], first_unit, unit_count, units.sku, dice)

        sends = world.devices.has_search_id[visits.device[visit]]
        sends_of_line = np.repeat(sends, np.diff(drafts.first_line))
        search = np.where(drafts.unit >= 0, units.search[drafts.unit], -1)
        says = sends_of_line & (search >= 0) & dice.chance(LINE_SEARCH_ID_RATIO, len(search))
        line_search_ids = [
            search_ids[each].tobytes().decode() if each >= 0 else None for each in np.where(says, search, -1).tolist()
        ]
        orders = book.open(world, part.day, drafts, world.devices.source[visits.device[visit]])
        book.keep_search_ids(line_search_ids)
        book.send(orders, np.full(len(orders), PLACED), requests.lake_at[placed])
        self.office.plan(world, part.day, orders, events.happened_at[placed], drafts, dice)
        texts = shop_texts(world, drafts, [book.order_ids[each] for each in orders.tolist()], line_search_ids)
        return orders, texts

    def _note_favorites(self, part: Part, visits: Visits, units: Units, events: Events) -> None:
        """Remember what was put on a list and stayed there, to be taken off on a later day."""
        stays = (events.kind == FAVORITE) & ~events.is_removal & events.is_logged_in
        stays &= ~units.happens[events.unit, SLOTS - 1]
        stays &= events.happened_at < self.world.day_at(part.day) + FAVORITES_UNTIL
        row = np.flatnonzero(stays)
        self.new_favorites.append((visits.customer[events.visit[row]], events.sku[row]))
