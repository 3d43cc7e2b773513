"""Truth that is known only at the end: orders, their lines, and what each customer did to each SKU on each day."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import CLICK, FAVORITE, VIEW
from pipelines.generator.devices import DAY, ERP, SOURCES
from pipelines.generator.dice import Ints
from pipelines.generator.order_book import OrderLines, Orders
from pipelines.generator.orders import STATUSES
from pipelines.generator.parcels import FAVORITE_REMOVED
from pipelines.generator.parquet import INSTANT, MONEY, TEXT, TruthFile, coded, dates, instants, money
from pipelines.generator.world import ZONE_OFFSET, World

ORDERS = pa.schema(
    [
        ("order_id", TEXT),
        ("event_date", pa.date32()),
        ("customer_id", TEXT),
        ("channel", TEXT),
        ("placed_by", TEXT),
        ("status", TEXT),
        ("ordered_at", INSTANT),
        ("paid_at", INSTANT),
        ("last_at", INSTANT),
        ("line_count", pa.int32()),
        ("amount", MONEY),
        ("campaign_id", TEXT),
        ("is_keyed_twice", pa.bool_()),
        ("is_sale", pa.bool_()),
    ]
)
ORDER_LINES = pa.schema(
    [
        ("order_id", TEXT),
        ("line_number", pa.int32()),
        ("event_date", pa.date32()),
        ("customer_id", TEXT),
        ("sku_id", TEXT),
        ("quantity", pa.int64()),
        ("unit_price", MONEY),
        ("discount", MONEY),
        ("amount", MONEY),
        ("search_id", TEXT),
        ("status", TEXT),
        ("is_sale", pa.bool_()),
    ]
)
# The kinds counted by customer, SKU and day, and the columns that count them.
COUNTED = {VIEW: "view_count", CLICK: "click_count", FAVORITE: "favorite_count", FAVORITE_REMOVED: "unfavorite_count"}
PLACE_OF_KIND = np.full(FAVORITE_REMOVED + 1, -1)
PLACE_OF_KIND[list(COUNTED)] = range(len(COUNTED))
SKU_DAYS = pa.schema(
    [
        ("event_date", pa.date32()),
        ("customer_id", TEXT),
        ("sku_id", TEXT),
        *((name, pa.int64()) for name in COUNTED.values()),
        ("order_line_count", pa.int64()),
        ("quantity", pa.int64()),
        ("amount", MONEY),
    ]
)
ROWS_A_WRITE = 200_000


def write_orders(world: World, folder: Path, orders: Orders, lines: OrderLines) -> None:
    """orders.parquet and order_lines.parquet."""
    customers, skus = pa.array(world.customers.customer_ids), pa.array(world.catalogue.sku_ids)
    statuses, channels = pa.array(STATUSES), pa.array(SOURCES)
    campaigns = pa.array([each.campaign_id for each in world.campaigns], type=TEXT)
    placed_by = pa.array(["customer", "sales_rep"])
    event_date = _days(orders.ordered_at)
    file = TruthFile(folder / "orders.parquet", ORDERS, ("order_id",))
    file.write(
        order_id=orders.order_ids,
        event_date=dates(event_date),
        customer_id=coded(orders.customer, customers),
        channel=coded(orders.source, channels),
        placed_by=coded((orders.source == ERP).astype(np.int64), placed_by),
        status=coded(orders.status, statuses),
        ordered_at=instants(orders.ordered_at),
        paid_at=instants(orders.paid_at),
        last_at=instants(orders.last_at),
        line_count=np.bincount(lines.order, minlength=len(orders.order_ids)).astype(np.int32),
        amount=money(orders.amount),
        campaign_id=coded(orders.campaign, campaigns),
        is_keyed_twice=orders.placed_count > 1,
        is_sale=orders.is_sale,
    )
    file.close()
    file = TruthFile(folder / "order_lines.parquet", ORDER_LINES)
    for start in range(0, len(lines.order), ROWS_A_WRITE):
        part = slice(start, start + ROWS_A_WRITE)
        order = lines.order[part]
        file.write(
            order_id=[orders.order_ids[each] for each in order.tolist()],
            line_number=lines.line_number[part].astype(np.int32),
            event_date=dates(event_date[order]),
            customer_id=coded(orders.customer[order], customers),
            sku_id=coded(lines.sku[part], skus),
            quantity=lines.quantity[part],
            unit_price=money(lines.unit_price[part]),
            discount=money(lines.discount[part]),
            amount=money(lines.amount[part]),
            search_id=lines.search_ids[part],
            status=coded(orders.status[order], statuses),
            is_sale=orders.is_sale[order],
        )
    file.close()


class SkuDays:
    """Counts kept as one integer an event until the end: which customer, which SKU, which kind."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[int, list[Ints]] = {}

    def count(self, day: Ints, customer: Ints, sku: Ints, kind: Ints) -> None:
        """Take in some events; those without a customer as sent, or without a SKU, are left out."""
        place = PLACE_OF_KIND[kind]
        counted = np.flatnonzero((customer >= 0) & (sku >= 0) & (place >= 0))
        day, key = day[counted], self._key(customer[counted], sku[counted]) * len(COUNTED) + place[counted]
        for each in np.unique(day).tolist():
            self._keys.setdefault(each, []).append(key[day == each])

    def write(self, folder: Path, orders: Orders, lines: OrderLines) -> None:
        """customer_sku_days.parquet, a row group a day."""
        customers, skus = pa.array(self._world.customers.customer_ids), pa.array(self._world.catalogue.sku_ids)
        file = TruthFile(folder / "customer_sku_days.parquet", SKU_DAYS)
        ordered_on = _days(orders.ordered_at)[lines.order]
        sold = orders.is_sale[lines.order]
        sold_key = self._key(orders.customer[lines.order], lines.sku)
        for day in sorted({*self._keys, *np.unique(ordered_on[sold]).tolist()}):
            events = np.concatenate([np.zeros(0, dtype=np.int64), *self._keys.get(day, [])])
            sales = np.flatnonzero(sold & (ordered_on == day))
            key, place = np.unique(np.concatenate([events // len(COUNTED), sold_key[sales]]), return_inverse=True)
            of_event, of_sale = place[: len(events)], place[len(events) :]
            kind = events % len(COUNTED)
            counts = {
                name: _sums(of_event[kind == number], None, len(key)) for number, name in enumerate(COUNTED.values())
            }
            file.write(
                event_date=dates(np.full(len(key), day)),
                customer_id=coded(key // len(skus), customers),
                sku_id=coded(key % len(skus), skus),
                order_line_count=_sums(of_sale, None, len(key)),
                quantity=_sums(of_sale, lines.quantity[sales], len(key)),
                amount=money(_sums(of_sale, lines.amount[sales], len(key))),
                **counts,
            )
        file.close()

    def _key(self, customer: Ints, sku: Ints) -> Ints:
        return customer * len(self._world.catalogue.sku_ids) + sku


def _sums(place: Ints, values: Ints | None, count: int) -> Ints:
    """Exact integer sums by place (bincount's weights are floats)."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, place, 1 if values is None else values)
    return sums


def _days(at: Ints) -> Ints:
    """Business days since 1970."""
    return (at + ZONE_OFFSET) // DAY
