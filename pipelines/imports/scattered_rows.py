"""Orders whose rows lie anywhere in a file: the rows of keys that come back are sorted on disk, all others stream.

A first reading finds those keys. Most exports have few of them, and then the disk sees few rows.
"""

import pickle
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from pipelines.imports.compile_mapping import CompiledEvent
from pipelines.imports.grouping import OrderGroups, keyed_rows
from pipelines.imports.ledger import Ledger
from pipelines.imports.readers.batch import Batch, RowReader

BATCH_ROWS = 8192

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

    def __init__(self, scratch: duckdb.DuckDBPyConnection, place: int) -> None:
        """`place` tells the `[[event]]`s of a mapping apart."""
        self._scratch = scratch
        self._table = f"rows_{place}"
        self._reader: RowReader | None = None
        self._count = 0
        scratch.execute(
            f"CREATE TABLE {self._table} (key VARCHAR, place UBIGINT, number UBIGINT, item UBIGINT, held BLOB)"
        )

    def add(self, batch: Batch, keys: list[str]) -> None:
        """Put rows on disk."""
        self._reader = batch.reader
        places = range(self._count, self._count + len(batch))
        self._count += len(batch)
        items = batch.item_numbers
        # Pickle, for it keeps every type a reader makes; the file is ours, and gone with this run.
        held = [pickle.dumps(row, pickle.HIGHEST_PROTOCOL) for row in batch.rows]
        added = pa.table(
            {
                "key": pa.array(keys, pa.string()),
                "place": pa.array(places, pa.uint64()),
                "number": pa.array(batch.numbers, pa.uint64()),
                "item": pa.nulls(len(batch), pa.uint64()) if items is None else pa.array(items, pa.uint64()),
                "held": pa.array(held, pa.binary()),
            }
        )
        self._scratch.register("added", added)
        self._scratch.execute(f"INSERT INTO {self._table} SELECT * FROM added")  # noqa: S608 - a name of ours
        self._scratch.unregister("added")

    def grouped(self) -> Iterator[Batch]:
        """All rows, those of one key together."""
        if self._reader is None:
            return
        found = self._scratch.sql(
            f"SELECT number, item, held FROM {self._table} JOIN"  # noqa: S608
            f" (SELECT key, min(place) AS first FROM {self._table} GROUP BY key) USING (key) ORDER BY first, place"
        )
        for part in found.to_arrow_reader(BATCH_ROWS) or ():
            numbers, items, held = (part.column(place).to_pylist() for place in range(3))
            rows = [pickle.loads(row) for row in held]  # noqa: S301 - written by `add` a moment ago
            yield Batch(self._reader, rows, numbers, None if items[:1] == [None] else items)
