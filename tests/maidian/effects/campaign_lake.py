"""A lake with a campaign in it, row by row: who was listed and held out, and what each company ordered on which day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.lake.lake import Lake, create_lake
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import current_snapshot
from schemas.tables import declared_tables
from tests.jobs.rows import table_of

SENT = date(2026, 10, 1)
NEWEST = date(2026, 11, 20)

Row = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """One order: lines of these amounts, on so many days after the campaign's first."""

    customer_id: str
    day: int
    amounts: tuple[str, ...]
    is_sale: bool = True
    net: str | None = None
    """Of each line, where it is not its amount."""


def put(lake: Lake, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Publish the rows beside those that are there."""
    table, listed = declared_tables()[name], list(rows)
    staging, base = lake.fresh_staging("test"), current_snapshot(lake, name)
    add = {}
    for value in sorted({str(row[table.partition]) for row in listed}):
        mine = [dict(row) for row in listed if str(row[table.partition]) == value]
        path = staging / f"{name}-{value}.parquet"
        pq.write_table(table_of(name, mine).drop_columns(table.partition), path)
        add[value] = [NewFile(path, f"part-{base.id if base else 'first'}.parquet", len(mine))]
    publish(lake, table, base, Change(add=add), {}, staging)


def make_lake(path: Path, newest: date = NEWEST) -> Lake:
    """A lake whose marts are built up to a day."""
    lake = create_lake(path)
    put(lake, "customer_profiles", [{"as_of": newest.isoformat(), "customer_id": "X"}])
    return lake


def log_rows(
    listed: Iterable[str],
    held_out: Iterable[str],
    sent: date = SENT,
    audience: str = "autumn",
    draw_id: str | None = "d1",
    number: int = 1,
) -> list[Row]:
    """What an export leaves in the log."""
    outcomes = [(customer, "listed") for customer in listed] + [(customer, "held_out") for customer in held_out]
    return [
        {
            "exported_date": sent.isoformat(),
            "export_id": f"{audience}-{sent}",
            "export_number": number,
            "audience": audience,
            "as_of": (sent - timedelta(1)).isoformat(),
            "customer_id": customer,
            "outcome": outcome,
            "draw_id": draw_id,
        }
        for customer, outcome in outcomes
    ]


def draw_rows(sides: Mapping[str, bool], draw_id: str = "d1") -> list[Row]:
    """A draw: who is held out."""
    shared = {"assigned_date": (SENT - timedelta(40)).isoformat(), "draw_id": draw_id}
    return [{**shared, "customer_id": customer, "is_held_out": is_held_out} for customer, is_held_out in sides.items()]


def order_rows(orders: Iterable[Order], currency: str | None = "CNY", sent: date = SENT) -> list[Row]:
    """The lines of orders."""
    rows = []
    for number, order in enumerate(orders):
        for line, amount in enumerate(order.amounts, 1):
            rows.append(
                {
                    "event_date": (sent + timedelta(order.day)).isoformat(),
                    "order_id": f"O{number}",
                    "line_number": line,
                    "customer_id": order.customer_id,
                    "is_sale": order.is_sale,
                    "amount": amount,
                    "net_sales_amount": order.net or (amount if order.is_sale else "0"),
                    "currency": currency,
                }
            )
    return rows


def act_rows(customers: Iterable[str], day: int = -3, sent: date = SENT) -> list[Row]:
    """A view by each of them, so many days after the campaign's first."""
    seen = (sent + timedelta(day)).isoformat()
    return [{"event_date": seen, "customer_id": customer, "sku_id": "S1"} for customer in customers]


def kept(lake: Lake) -> pa.Table:
    """What promotion_effects holds."""
    snapshot = current_snapshot(lake, "promotion_effects")
    assert snapshot is not None
    return pq.read_table(snapshot.directory)
