"""A real lake with a few hand-made events, for tests of the commands."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from maidian.cli import cli
from schemas.lake.lake import Lake, create_lake
from schemas.lake.place import LakePlace
from schemas.lake.publish import Change, NewFile, publish
from schemas.lake.snapshots import current_snapshot
from schemas.tables import declared_tables
from tests.jobs.rows import table_of

EVENTS = declared_tables()["events"]


def event(number: int, day: int, **fields: Any) -> dict[str, Any]:
    """A view at eight in the morning in Shanghai, unless the fields say otherwise."""
    return {
        "event_id": f"e{number}",
        "event_type": "view",
        "occurred_at": f"2026-11-{day:02}T00:00:00Z",
        "event_date": f"2026-11-{day:02}",
        "customer_id": "C1",
        "sku_id": "S1",
    } | fields


def order(number: int, day: int, order_id: str | None) -> dict[str, Any]:
    lines = [{"sku_id": "S1", "quantity": 2, "unit_price": "3.5"}]
    return event(number, day, event_type="order", sku_id=None, order_id=order_id, status="placed", lines=lines)


def lake_with(path: LakePlace, *events: dict[str, Any]) -> Lake:
    lake = create_lake(path)
    add_events(lake, *events)
    return lake


def add_events(lake: Lake, *events: dict[str, Any]) -> None:
    base = current_snapshot(lake, "events")
    staging = lake.fresh_staging("ingest")
    add = {}
    for day in sorted({one["event_date"] for one in events}):
        rows = table_of("events", [one for one in events if one["event_date"] == day]).drop_columns("event_date")
        path = staging / f"{day}.parquet"
        pq.write_table(rows, path)
        add[day] = [NewFile(path, f"part-{base.id if base else 'first'}.parquet", rows.num_rows)]
    publish(lake, EVENTS, base, Change(add=add), {}, staging)


def maidian(lake: Lake | Path, command: str, *arguments: str) -> Result:
    """Run one command in this process on the lake."""
    path = lake.name if isinstance(lake, Lake) else lake
    settings = [part for part in arguments if part.startswith("--lang")]
    others = [part for part in arguments if not part.startswith("--lang")]
    return CliRunner().invoke(cli, [*settings, command, "--lake", str(path), *others])
