"""From batches of rows to the events of a whole mapping: rules first, then each `[[event]]` takes what it wants."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

from pipelines.imports.compile_mapping import CompiledEvent, CompiledMapping
from pipelines.imports.explode import EMPTY_LIST_RULE, explode
from pipelines.imports.grouping import OrderGroups, keyed_rows
from pipelines.imports.ledger import BLANK_RULE, NO_EVENT_RULE, BytesSink, Ledger, Nowhere
from pipelines.imports.readers.batch import Batch
from pipelines.imports.returning_keys import ReturningKeys
from pipelines.imports.row_events import RowEvents
from pipelines.imports.scattered_rows import MOST_HELD_KEYS, ScatteredOrders, ScatteredRows
from pipelines.imports.scratch import Scratch

OpenBatches = Callable[[], Iterator[Batch]]
"""Starts reading the file anew."""


class EventStream(Protocol):
    """Takes the rows of one `[[event]]` and writes its events."""

    def add(self, batch: Batch) -> None:
        """Take rows in."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class AdjacentOrders:
    """Groups rows as they come, and makes sure that no key comes back."""

    def __init__(self, orders: OrderGroups, keys: ReturningKeys) -> None:
        self._orders = orders
        self._keys = keys
        self.add = orders.add

    def close(self) -> None:
        """Write the last order; raises when a key came back."""
        self._orders.close()
        self._keys.check()


def write_events(
    open_batches: OpenBatches, compiled: CompiledMapping, source: str, sink: BytesSink, ledger: Ledger
) -> None:
    """Turn all rows into events; afterwards the ledger accounts for each row."""
    with Scratch() as scratch:
        returning = _find_returning_keys(open_batches, compiled, scratch)
        streams: list[EventStream] = []
        for place, event in enumerate(compiled.events):
            if event.key is None:
                streams.append(RowEvents(event, source, sink, ledger))
            elif event.is_scattered:
                groups = [OrderGroups(event, source, sink, ledger, None) for _ in range(2)]
                rows = ScatteredRows(scratch, place)
                streams.append(ScatteredOrders(event, groups[0], groups[1], rows, returning[place], ledger))
            else:
                keys = ReturningKeys(scratch, place, event.key_name)
                streams.append(AdjacentOrders(OrderGroups(event, source, sink, ledger, keys), keys))
        for parts in _shared_out(open_batches(), compiled, ledger):
            for stream, part in zip(streams, parts, strict=True):
                if len(part):
                    stream.add(part)
        for stream in streams:
            stream.close()


def _find_returning_keys(
    open_batches: OpenBatches, compiled: CompiledMapping, scratch: Scratch
) -> dict[int, set[str] | None]:
    """Of each event whose rows are scattered, the keys that come back; None when they are too many to hold."""
    scattered = {place: event for place, event in enumerate(compiled.events) if event.is_scattered}
    if not scattered:
        return {}
    found = {
        place: ReturningKeys(scratch, place, event.key_name, refuses_early=False) for place, event in scattered.items()
    }
    last: dict[int, str] = {}
    uncounted = Ledger(Nowhere())
    for parts in _shared_out(open_batches(), compiled, uncounted):
        for place, event in scattered.items():
            part, keys = keyed_rows(event, parts[place], uncounted)
            starts = [at for at, (before, key) in enumerate(pairwise([last.get(place), *keys])) if before != key]
            found[place].note([keys[at] for at in starts], [part.numbers[at] for at in starts])
            if keys:
                last[place] = keys[-1]
    returning: dict[int, set[str] | None] = {}
    for place, keys_of_event in found.items():
        names = {key for key, _, _ in keys_of_event.returning(MOST_HELD_KEYS + 1)}
        returning[place] = names if len(names) <= MOST_HELD_KEYS else None
    return returning


def _shared_out(batches: Iterator[Batch], compiled: CompiledMapping, ledger: Ledger) -> Iterator[list[Batch]]:
    """What each event takes of each batch, after the rules."""
    for batch in _counted(batches, compiled.mapping.input.explode, ledger):
        yield _share_out(_drop(batch, compiled, ledger), compiled.events, ledger)


def _counted(batches: Iterator[Batch], exploded: str | None, ledger: Ledger) -> Iterator[Batch]:
    """Count what is read, and what of it was no row; one row an item where the mapping explodes a list."""
    pairs = ((batch, 0) for batch in batches) if exploded is None else explode(batches, exploded)
    for batch, empty_count in pairs:
        ledger.read_count += len(batch) + len(batch.refused) + batch.blank_count + empty_count
        _count_filtered(ledger, BLANK_RULE, batch.blank_count)
        _count_filtered(ledger, EMPTY_LIST_RULE, empty_count)
        ledger.refuse(batch.refused)
        ledger.watch_columns(batch)
        yield batch


def _drop(batch: Batch, compiled: CompiledMapping, ledger: Ledger) -> Batch:
    """Leave out the rows that a `[[drop]]` names; a row counts under the first that fits."""
    for name, test in compiled.drops:
        fits = test(batch)
        if True in fits:
            _count_filtered(ledger, name, fits.count(True))
            batch = batch.take(place for place, is_dropped in enumerate(fits) if not is_dropped)
    return batch


def _share_out(batch: Batch, events: list[CompiledEvent], ledger: Ledger) -> list[Batch]:
    """The rows that each event takes; a row may go to several, and to none."""
    if len(events) == 1 and events[0].when is None:
        return [batch]
    masks = [[True] * len(batch) if event.when is None else event.when(batch) for event in events]
    takers = [sum(fits) for fits in zip(*masks, strict=True)]
    _count_filtered(ledger, NO_EVENT_RULE, takers.count(0))
    ledger.used_again_count += sum(takers) - len(takers) + takers.count(0)
    return [batch if all(mask) else batch.take(place for place, fits in enumerate(mask) if fits) for mask in masks]


def _count_filtered(ledger: Ledger, rule: str, count: int) -> None:
    if count:
        ledger.filtered_counts[rule] += count
