"""Orders whose rows lie anywhere in a file: the rows of keys that come back are sorted on disk, all others stream.

A first reading finds those keys. Most exports have few of them, and then the disk sees few rows.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.imports.compile_mapping import CompiledEvent
from pipelines.imports.grouping import OrderGroups, keyed_rows
from pipelines.imports.ledger import Ledger
from pipelines.imports.readers.batch import Batch, Row, RowReader
from pipelines.imports.scratch import Scratch

BATCH_ROWS = 8192
BUFFER_ROWS = 1 << 15

MOST_HELD_KEYS = 100_000
"""Keys that come back and are held in memory; of a file with more, every row is sorted."""


class ScatteredOrders:
    """Groups the rows of keys that do not come back as they come, and sorts the others first."""

    def __init__(
        self,
        event: CompiledEvent,
        streaming: OrderGroups,
        sorted_groups: OrderGroups,
        rows: "ScatteredRows",
        returning: set[str] | None,
        ledger: Ledger,
    ) -> None:
        """`returning`: the keys whose rows must be sorted; None for all of them."""
        self._event = event
        self._streaming = streaming
        self._sorted = sorted_groups
        self._rows = rows
        self._returning = returning
        self._ledger = ledger

    def add(self, batch: Batch) -> None:
        """Take rows in; those of keys that come back are put aside."""
        batch, keys = keyed_rows(self._event, batch, self._ledger)
        if self._returning is None:
            self._rows.add(batch, keys)
            return
        if self._returning.isdisjoint(keys):
            self._streaming.add(batch)
            return
        aside = [place for place, key in enumerate(keys) if key in self._returning]
        self._rows.add(batch.take(aside), [keys[place] for place in aside])
        self._streaming.add(batch.take(place for place, key in enumerate(keys) if key not in self._returning))

    def close(self) -> None:
        """Write what is left: the last order that streamed, then all that were sorted."""
        self._streaming.close()
        for batch in self._rows.grouped():
            self._sorted.add(batch)
        self._sorted.close()


class ScatteredRows:
    """Rows on disk. They come back in the order of their keys' first rows, those of a key as they lay in the file."""

    def __init__(self, scratch: Scratch, place: int) -> None:
        """`place` tells the `[[event]]`s of a mapping apart."""
        self._scratch = scratch
        self._table = f"rows_{place}"
        self._reader: RowReader | None = None
        self._buffer = _Buffer()
        self._flushed_count = 0

    def add(self, batch: Batch, keys: list[str]) -> None:
        """Take rows in."""
        self._reader = batch.reader
        self._buffer.keys += keys
        self._buffer.numbers += batch.numbers
        self._buffer.items += batch.item_numbers or [0] * len(batch)
        self._buffer.rows += batch.rows
        if len(self._buffer.keys) >= BUFFER_ROWS:
            self._flush()

    def grouped(self) -> Iterator[Batch]:
        """All rows, those of one key together."""
        if self._reader is None:
            return
        parts = self._sorted_on_disk() if self._flushed_count else self._sorted_in_memory()
        for numbers, items, rows in parts:
            # Items are numbered from 1; 0 stands for a row that is no item.
            yield Batch(self._reader, rows, numbers, items if items[0] else None)

    def _sorted_in_memory(self) -> Iterator[tuple[list[int], list[int], list[Row]]]:
        held = self._buffer
        first = {key: place for place, key in reversed(list(enumerate(held.keys)))}
        # The sort is stable: rows of a key stay in the order of the file.
        places = sorted(range(len(held.keys)), key=lambda place: first[held.keys[place]])
        for start in range(0, len(places), BATCH_ROWS):
            part = places[start : start + BATCH_ROWS]
            yield [held.numbers[at] for at in part], [held.items[at] for at in part], [held.rows[at] for at in part]

    def _sorted_on_disk(self) -> Iterator[tuple[list[int], list[int], list[Row]]]:
        self._flush()
        found = self._scratch.connection.sql(
            f"SELECT number, item, held FROM {self._table} JOIN"  # noqa: S608 - a name of ours
            f" (SELECT key, min(place) AS first FROM {self._table} GROUP BY key) USING (key) ORDER BY first, place"
        )
        for part in found.to_arrow_reader(BATCH_ROWS) or ():
            numbers, items, held = (part.column(place).to_pylist() for place in range(3))
            yield numbers, items, [pickle.loads(row) for row in held]  # noqa: S301 - of `_flush`, a moment ago

    def _flush(self) -> None:
        held, count = self._buffer, len(self._buffer.keys)
        if not count:
            return
        if not self._flushed_count:
            self._scratch.connection.execute(
                f"CREATE TABLE {self._table} (key VARCHAR, place UBIGINT, number UBIGINT, item UBIGINT, held BLOB)"
            )
        self._scratch.insert(
            self._table,
            {
                "key": pa.array(held.keys, pa.string()),
                "place": pa.array(range(self._flushed_count, self._flushed_count + count), pa.uint64()),
                "number": pa.array(held.numbers, pa.uint64()),
                "item": pa.array(held.items, pa.uint64()),
                # Pickle, for it keeps every type a reader makes; the bytes never leave this run.
                "held": pa.array([pickle.dumps(row, pickle.HIGHEST_PROTOCOL) for row in held.rows], pa.binary()),
            },
        )
        self._flushed_count += count
        self._buffer = _Buffer()


@dataclass
class _Buffer:
    """Rows that wait to be sorted."""

    keys: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
