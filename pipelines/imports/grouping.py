"""Orders made of several rows: rows of one key that lie together, grouped as they stream.

A row that is refused takes its whole order with it: an order that lacks a line has a wrong amount, and nobody sees it.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from pipelines.imports.compile_mapping import CompiledEvent
from pipelines.imports.event_heads import OVERSIZE, ContentIds, encode_fitting, head_columns, identities, make_heads
from pipelines.imports.field_sets import Problems, Thing
from pipelines.imports.ledger import BytesSink, Ledger
from pipelines.imports.readers.batch import Batch, RefusedRow, Row, RowReader
from pipelines.imports.values import Column, Value
from schemas.events.rejects import MAX_LINE_BYTES

SMALLEST_LINE_BYTES = 40  # {"sku_id":"1","quantity":1,"unit_price":"1"} and its comma are a little more
MOST_ROWS = MAX_LINE_BYTES // SMALLEST_LINE_BYTES
"""An order of more rows cannot fit a line of the landing. Bounds the memory where the key is the wrong one."""


class KeyWatch(Protocol):
    """Told of every group that starts."""

    def note(self, keys: list[str], numbers: list[int]) -> None:
        """Take the keys and first row numbers of groups that start."""
        ...


@dataclass
class _Rows:
    """Rows of one batch, each with what its order takes from it."""

    reader: RowReader
    rows: list[Row]
    numbers: list[int]
    lines: list[Thing]
    values: list[Column]
    head_values: list[tuple[Value, ...]]
    identities: list[bytes]
    problems: Problems


@dataclass
class _Order:
    """An order whose rows are still coming in."""

    reader: RowReader
    key: str
    head: Thing
    properties: dict[str, object]
    status: str | None
    first_values: tuple[Value, ...]
    problem: str | None = None
    """What is wrong with it as a whole; `row_problems` is what is wrong with one of its rows, by row number."""
    lines: list[Thing] = field(default_factory=list)
    values: list[list[Value]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    identities: list[bytes] = field(default_factory=list)
    row_problems: dict[int, str] = field(default_factory=dict)
    differing: set[str] = field(default_factory=set)

    @property
    def is_refused(self) -> bool:
        return self.problem is not None or bool(self.row_problems)

    def extend(self, taken: _Rows, start: int, stop: int, names: list[str]) -> None:
        """Take some rows of a batch in."""
        self.rows += taken.rows[start:stop]
        self.numbers += taken.numbers[start:stop]
        self.lines += taken.lines[start:stop]
        self.identities += taken.identities[start:stop]
        for held, column in zip(self.values, taken.values, strict=True):
            held.extend(column[start:stop])
        if taken.problems:
            for place, reason in taken.problems.items():
                if start <= place < stop:
                    self.row_problems[taken.numbers[place]] = reason
        if taken.head_values[start:stop].count(self.first_values) != stop - start:
            for values in taken.head_values[start:stop]:
                pairs = zip(names, values, self.first_values, strict=True)
                self.differing.update(name for name, value, first in pairs if value != first)

    def refused_rows(self) -> list[RefusedRow]:
        """All of its rows, each with the reason; they are forgotten then."""
        culprit, reason = next(iter(self.row_problems.items()), (self.numbers[0], self.problem))
        refused = [
            RefusedRow(
                number, self.row_problems.get(number) or self.problem or f"row {culprit} of its order: {reason}", row
            )
            for number, row in zip(self.numbers, map(self.reader.shown, self.rows), strict=True)
        ]
        for held in (self.rows, self.numbers, self.lines, self.identities, *self.values):
            held.clear()
        return refused


def keyed_rows(event: CompiledEvent, batch: Batch, ledger: Ledger) -> tuple[Batch, list[str]]:
    """The rows that have a key, and their keys; the others are refused."""
    assert event.key is not None
    keys = list(event.key(batch))
    if None not in keys:
        return batch, keys
    without = batch.take(place for place, key in enumerate(keys) if key is None)
    ledger.refuse(
        RefusedRow(number, "a column of group_by has no value", batch.reader.shown(row))
        for number, row in zip(without.numbers, without.rows, strict=True)
    )
    return batch.take(place for place, key in enumerate(keys) if key is not None), [k for k in keys if k is not None]


def _head_values(event: CompiledEvent, batch: Batch) -> list[tuple[Value, ...]]:
    """What each row says of the things that belong to the order."""
    columns = [batch.column(name) for name in event.head_columns]
    return list(zip(*columns, strict=True)) if columns else [()] * len(batch)


class OrderGroups:
    """Makes the orders of one `[[event]]` with `group_by`, and writes them."""

    def __init__(
        self, event: CompiledEvent, source: str, sink: BytesSink, ledger: Ledger, watch: KeyWatch | None
    ) -> None:
        """`watch` is told of every group, to find keys that come back; None where the rows were sorted before."""
        self._event = event
        self._ids = ContentIds(source, event.label)
        self._sink = sink
        self._ledger = ledger
        self._watch = watch
        self._open: _Order | None = None

    def add(self, batch: Batch) -> None:
        """Take rows in; write the orders that are complete by now."""
        batch, keys = keyed_rows(self._event, batch, self._ledger)
        if not keys:
            return
        starts = [place for place, (before, key) in enumerate(pairwise(keys), 1) if before != key]
        if self._open is None or self._open.key != keys[0]:
            starts.insert(0, 0)
        started = self._start(batch.take(starts), [keys[place] for place in starts]) if starts else []
        orders = dict(zip(starts, started, strict=True))
        taken = self._take(batch)
        complete = []
        for start, stop in pairwise([*([] if 0 in orders else [0]), *starts, len(keys)]):
            if start in orders:
                if self._open is not None:
                    complete.append(self._open)
                self._open = orders[start]
            assert self._open is not None
            self._open.extend(taken, start, stop, self._event.head_columns)
            if len(self._open.rows) > MOST_ROWS:
                self._open.problem = self._open.problem or OVERSIZE
                self._ledger.refuse(self._open.refused_rows())
        self._write(complete)

    def close(self) -> None:
        """Write the last order."""
        if self._open is not None:
            self._write([self._open])
            self._open = None

    def _start(self, firsts: Batch, keys: list[str]) -> list[_Order]:
        """Orders from their first rows."""
        if self._watch is not None:
            self._watch.note(keys, list(firsts.numbers))
        event, problems = self._event, Problems()
        ids = None if event.event_id is None else event.event_id(firsts)
        columns = head_columns(event, firsts, ids, problems)
        heads = make_heads(event, ids or [None] * len(keys), columns, None, None)
        statuses = columns[event.fields.names.index("status")]
        names = [] if event.properties is None else event.properties.names
        made = [] if event.properties is None else event.properties.columns(firsts, problems)
        properties = zip(*made, strict=True) if made else [()] * len(keys)
        width = 0 if event.row_properties is None else len(event.row_properties.names)
        return [
            _Order(
                reader=firsts.reader,
                key=key,
                head=head,
                properties={name: value for name, value in zip(names, own, strict=True) if value is not None},
                status=status,
                first_values=values,
                row_problems={number: problems[place]} if place in problems else {},
                values=[[] for _ in range(width)],
            )
            for place, (key, number, head, status, own, values) in enumerate(
                zip(keys, firsts.numbers, heads, statuses, properties, _head_values(event, firsts), strict=True)
            )
        ]

    def _take(self, batch: Batch) -> _Rows:
        """What orders take from each row."""
        event, problems = self._event, Problems()
        lines = [] if event.line is None else event.line.columns(batch, problems)
        return _Rows(
            reader=batch.reader,
            rows=batch.rows,
            numbers=list(batch.numbers),
            lines=[] if event.line is None else list(map(event.line.struct, *lines)),
            values=[] if event.row_properties is None else event.row_properties.columns(batch, problems),
            head_values=_head_values(event, batch),
            identities=[] if event.event_id is not None else identities(batch),
            problems=problems,
        )

    def _write(self, orders: list[_Order]) -> None:
        sound = [order for order in orders if not order.is_refused]
        heads = [self._finish(order) for order in sound]
        encoded, too_long = encode_fitting(heads)
        for place in too_long:
            sound[place].problem = OVERSIZE
        self._sink.write(encoded)
        for order in orders:
            if order.is_refused:
                self._ledger.refuse(order.refused_rows() if order.rows else [])
            else:
                self._ledger.count_events(self._event.event_type, order.status, len(order.numbers), 1)
                self._ledger.differing_counts.update(order.differing)

    def _finish(self, order: _Order) -> Thing:
        """The order's event: its head with what all its rows gave."""
        head, event = order.head, self._event
        if event.line is not None:
            head.lines = order.lines
        names = [] if event.row_properties is None else event.row_properties.names
        properties = order.properties | dict(zip(names, order.values, strict=True))
        head.properties = properties or None
        if event.event_id is None:
            head.event_id = self._ids.of_rows(order.identities)
        return head
