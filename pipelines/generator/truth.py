"""The truth beside the events: what was planted, line by line, and what the first tables must show."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.generator.actions import EVENT_TYPES, FAVORITE
from pipelines.generator.delivery import Segment
from pipelines.generator.devices import DAY, SOURCES
from pipelines.generator.garbage import FAULTS
from pipelines.generator.order_book import OrderBook
from pipelines.generator.parcels import FAVORITE_REMOVED, FIRST, GARBAGE, REPEAT, SCHEMA, column
from pipelines.generator.parquet import INSTANT, TEXT, TruthFile, coded, dates, instants
from pipelines.generator.truth_tables import SkuDays, write_orders
from pipelines.generator.world import ZONE_OFFSET, World
from schemas.lake.durable import write_durably

PLACE_FIELDS = [("source", TEXT), ("segment", TEXT), ("line_number", pa.int32()), ("byte_offset", pa.int64())]
EVENTS = pa.schema(
    [
        ("event_id", TEXT),
        ("event_type", TEXT),
        ("occurred_at", INSTANT),
        ("event_date", pa.date32()),
        ("happened_at", INSTANT),
        ("is_corrected", pa.bool_()),
        ("customer_id", TEXT),
        ("actual_customer_id", TEXT),
        ("anonymous_id", TEXT),
        ("visit_number", pa.int64()),
        ("sku_id", TEXT),
        ("query", TEXT),
        ("order_id", TEXT),
        *PLACE_FIELDS,
    ]
)
REPEATS = pa.schema([("event_id", TEXT), *PLACE_FIELDS])
REJECTS = pa.schema([*PLACE_FIELDS, ("kind", TEXT), ("field", TEXT), ("raw", pa.binary())])


@dataclass(slots=True)
class Summary:
    """Counts of a generation; `line_count` = accepted + rejected + repeated, in total and by source."""

    line_count: int = 0
    accepted_count: int = 0
    rejected_count: int = 0
    repeated_count: int = 0
    corrected_count: int = 0
    segment_count: int = 0
    byte_count: int = 0
    by_source: dict[str, dict[str, int]] = field(default_factory=dict)
    accepted_by_type: dict[str, int] = field(default_factory=dict)
    rejected_by_kind: dict[str, int] = field(default_factory=dict)


class Truth:
    """Takes every segment as it is written; the Parquet files can be left out, the summary never is."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder
        self._by_source: Counter[tuple[str, str]] = Counter()
        self._kinds = np.zeros(FAVORITE_REMOVED + 1, dtype=np.int64)
        self._faults = np.zeros(len(FAULTS), dtype=np.int64)
        self._summary = Summary()
        self._sku_days = SkuDays(world)
        self._files: dict[str, TruthFile] = {}
        if world.options.has_truth:
            self._files = {
                "events": TruthFile(folder / "events.parquet", EVENTS, ("event_id",)),
                "repeats": TruthFile(folder / "repeats.parquet", REPEATS, ("event_id",)),
                "rejects": TruthFile(folder / "rejects.parquet", REJECTS, ("raw",)),
            }
        self._names = {
            "customer": pa.array(world.customers.customer_ids),
            "device": pa.array(world.devices.anonymous_ids),
            "sku": pa.array(world.catalogue.sku_ids),
            "query": pa.array(world.vocabulary.texts),
            "type": pa.array(EVENT_TYPES),
            "source": pa.array(SOURCES),
        }

    def note(self, segment: Segment, book: OrderBook) -> None:
        """Count a segment's lines and write what they are."""
        rows, role = segment.rows, column(segment.rows, "role")
        source = SOURCES[segment.source]
        for name, wanted in (("accepted_count", FIRST), ("repeated_count", REPEAT), ("rejected_count", GARBAGE)):
            self._by_source[source, name] += int((role == wanted).sum())
        self._by_source[source, "line_count"] += len(rows)
        self._summary.segment_count += 1
        self._summary.byte_count += int(segment.ends_at[-1])
        first = role == FIRST
        self._summary.corrected_count += int((column(rows, "is_corrected")[first]).sum())
        self._kinds += np.bincount(column(rows, "kind")[first], minlength=len(self._kinds))
        self._faults += np.bincount(column(rows, "fault")[role == GARBAGE], minlength=len(self._faults))
        if not self._files:
            return
        line_number = np.arange(1, len(rows) + 1)
        byte_offset = np.concatenate([[0], segment.ends_at[:-1]])
        for wanted, write in (
            (FIRST, self._write_events),
            (REPEAT, self._write_repeats),
            (GARBAGE, self._write_rejects),
        ):
            which = np.flatnonzero(role == wanted)
            if len(which):
                # Lines are long, and only rejects need them again.
                needed = rows if wanted == GARBAGE else rows.select(SCHEMA.names[1:])
                some = needed if len(which) == len(rows) else needed.take(pa.array(which))
                place = {
                    "source": coded(np.full(len(which), segment.source), self._names["source"]),
                    "segment": coded(
                        np.zeros(len(which), dtype=np.int64), pa.array([f"{source}/{segment.name}.ndjson"])
                    ),
                    "line_number": pa.array(line_number[which].astype(np.int32)),
                    "byte_offset": pa.array(byte_offset[which]),
                }
                write(some, place, book)

    def _write_events(self, rows: pa.RecordBatch, place: dict[str, pa.Array], book: OrderBook) -> None:
        names = self._names
        lake_at = column(rows, "lake_at")
        customer, sku, kind = column(rows, "customer"), column(rows, "sku"), column(rows, "kind")
        day = (lake_at + ZONE_OFFSET) // DAY
        self._sku_days.count(day, customer, sku, kind)
        visit = column(rows, "visit")
        order = column(rows, "order")
        order_ids = np.flatnonzero(order >= 0)
        named = np.full(len(order), -1)
        named[order_ids] = np.arange(len(order_ids))
        self._files["events"].write(
            event_id=rows.column("event_id"),
            event_type=coded(np.where(kind == FAVORITE_REMOVED, FAVORITE, kind), names["type"]),
            occurred_at=instants(lake_at),
            event_date=dates(day),
            happened_at=instants(column(rows, "happened_at")),
            is_corrected=rows.column("is_corrected"),
            customer_id=coded(customer, names["customer"]),
            actual_customer_id=coded(column(rows, "actual_customer"), names["customer"]),
            anonymous_id=coded(column(rows, "device"), names["device"]),
            visit_number=pa.array(visit, mask=visit < 0),
            sku_id=coded(sku, names["sku"]),
            query=coded(column(rows, "query"), names["query"]),
            order_id=coded(named, pa.array([book.order_ids[each] for each in order[order_ids].tolist()], type=TEXT)),
            **place,
        )

    def _write_repeats(self, rows: pa.RecordBatch, place: dict[str, pa.Array], _book: OrderBook) -> None:
        self._files["repeats"].write(event_id=rows.column("event_id"), **place)

    def _write_rejects(self, rows: pa.RecordBatch, place: dict[str, pa.Array], _book: OrderBook) -> None:
        faults = [FAULTS[each] for each in column(rows, "fault").tolist()]
        self._files["rejects"].write(
            kind=[each.kind for each in faults],
            field=[each.field for each in faults],
            raw=[line.removesuffix(b"\n") for line in rows.column("line").to_pylist()],
            **place,
        )

    def close(self, book: OrderBook) -> Summary:
        """Write what is known only at the end; summary.json last, so that it says the generation is whole."""
        for each in self._files.values():
            each.close()
        if self._files:
            orders, lines = book.close()
            write_orders(self._world, self._folder, orders, lines)
            self._sku_days.write(self._folder, orders, lines)
        summary = self._summary
        names = ("line_count", "accepted_count", "rejected_count", "repeated_count")
        used = [source for source in SOURCES if self._by_source[source, "line_count"]]
        summary.by_source = {source: {name: self._by_source[source, name] for name in names} for source in used}
        for name in names:
            setattr(summary, name, sum(each[name] for each in summary.by_source.values()))
        for kind, name in enumerate((*EVENT_TYPES, EVENT_TYPES[FAVORITE])):
            summary.accepted_by_type[name] = summary.accepted_by_type.get(name, 0) + int(self._kinds[kind])
        kinds: Counter[str] = Counter()
        for number, count in enumerate(self._faults.tolist()):
            kinds[FAULTS[number].kind] += count
        summary.rejected_by_kind = {kind: count for kind, count in sorted(kinds.items()) if count}
        write_durably(self._folder / "summary.json", _document(self._world, summary))
        return summary


def _document(world: World, summary: Summary) -> bytes:
    options: dict[str, Any] = asdict(world.options)
    options |= {
        "end_date": world.options.end_date.isoformat(),
        "start_date": world.options.start_date.isoformat(),
        "customers": world.options.customer_count,
        "skus": world.options.sku_count,
    }
    return (
        json.dumps({"options": options, **asdict(summary)}, ensure_ascii=False, indent=2, default=_plain) + "\n"
    ).encode()


def _plain(value: Any) -> Any:
    """Days as text, a planted effect's customers in order."""
    return value.isoformat() if isinstance(value, date) else sorted(value)
