"""The fast path: rows of the lines that can be proven to be events, many at once.

It accepts only what it proves and gives no reasons; every other line is for the exact path, which may accept it too.

What proves a line, besides msgspec (syntax, types, lengths, the fields of its type) and the checks of each column:
its length; UTF-8, for all lines at once; and no key twice, because the line has as many keys as it has known fields
with a value, or else by a closer look.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.ingest.decoding.clock import Clock
from pipelines.ingest.decoding.field_rules import event_rules
from pipelines.ingest.decoding.instant_columns import Mask
from pipelines.ingest.decoding.line_block import Counts, LineBlock, count_keys
from pipelines.ingest.decoding.unique_keys import find_not_unique
from pipelines.ingest.decoding.wire_arrays import WireArrays, read_arrays, rules_by_event_types
from pipelines.ingest.decoding.wire_columns import WireColumn, is_present, prove_column
from pipelines.unique_keys import are_surely_unique
from schemas.events.columns import INSTANT, contract_fields
from schemas.events.contract import EVENT_TYPES, STATUS_THAT_NEEDS_LINES

_TYPE_NAMES = pa.array(list(EVENT_TYPES), pa.string())


@dataclass(frozen=True)
class ProvenRows:
    """Columns of the events table but `event_date` and `landing_source`, and the line that each row stands on."""

    table: pa.Table
    lines: NDArray[np.intp]


def prove_lines(block: LineBlock, clock: Clock, max_line_bytes: int) -> ProvenRows:
    """The rows of all lines that are surely events."""
    read = read_arrays(block)
    columns = _Columns(read)
    keys, has_space = count_keys(block)
    has_space = has_space[read.lines]
    is_proven = columns.is_proven & _are_times_proven(columns, clock) & _are_fields_there(columns)
    is_proven &= np.diff(block.bounds)[read.lines] <= max_line_bytes  # with the line feed: at the limit, not proven
    is_unique = columns.is_unique & (columns.key_counts - read.has_made_properties == keys[read.lines])
    # Null values and texts with a quote and a colon spoil the count; such lines are looked at together.
    uncounted = np.flatnonzero(is_proven & ~is_unique & ~has_space)
    lines = pa.array([block.lines[line] for line in read.lines[uncounted].tolist()], pa.string())
    is_unique[uncounted] = True
    is_unique[uncounted[np.array(find_not_unique(lines), np.intp)]] = False
    for row in np.flatnonzero(is_proven & (has_space | ~is_unique)).tolist():
        is_proven[row] = are_surely_unique(block.lines[read.lines[row]])
    table = pa.table(columns.arrays)
    return ProvenRows(table if is_proven.all() else table.filter(pa.array(is_proven)), read.lines[is_proven])


class _Columns:
    """Every column of the contract, a value a row, and what is known of each row."""

    def __init__(self, read: WireArrays) -> None:
        count = len(read.lines)
        self.codes = read.codes
        self.arrays: dict[str, pa.Array] = {"event_type": _TYPE_NAMES.take(pa.array(read.codes))}
        self.key_counts: Counts = np.ones(count, np.int64)  # event_type itself
        self.is_proven: Mask = np.ones(count, np.bool_)
        self.is_unique: Mask = np.ones(count, np.bool_)
        for event_types, rules in rules_by_event_types().items():
            rows = read.rows_of(event_types)
            places = None
            if rows is not None:
                order = np.full(count, -1)
                order[rows] = np.arange(len(rows))
                places = pa.array(order, mask=order < 0)
            for rule in rules:
                if rule.name in read.arrays:
                    column = prove_column(rule, read.arrays[rule.name])
                    self._note(column, slice(None) if rows is None else rows)
                    self.arrays[rule.name] = column.values if places is None else column.values.take(places)
        for field in contract_fields():
            if field.name not in self.arrays:
                self.arrays[field.name] = pa.nulls(count, field.type)

    def _note(self, column: WireColumn, rows: slice | NDArray[np.intp]) -> None:
        self.key_counts[rows] += column.key_counts
        if column.is_proven is not None:
            self.is_proven[rows] &= column.is_proven
        if column.is_unique is not None:
            self.is_unique[rows] &= column.is_unique


def _are_times_proven(columns: _Columns, clock: Clock) -> Mask:
    """Correct `occurred_at`, keep the client's as `client_at`, and say which are surely within bounds."""
    names = ("occurred_at", "sent_at", "received_at")
    is_there = {name: is_present(columns.arrays[name]) for name in names}
    client_at, sent_at, received_at = (
        columns.arrays[name].cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False) for name in names
    )
    occurred_at, is_within = clock.correct_all(
        client_at, sent_at, received_at, is_there["sent_at"], is_there["received_at"]
    )
    columns.arrays["client_at"] = columns.arrays["occurred_at"]
    columns.arrays["occurred_at"] = pa.array(occurred_at, pa.int64()).cast(INSTANT)
    return is_within


def _are_fields_there(columns: _Columns) -> Mask:
    """The rules over several fields, which msgspec knows nothing of."""
    is_whole = np.ones(len(columns.codes), np.bool_)
    for code, event_type in enumerate(EVENT_TYPES):
        for rule in event_rules(event_type):
            is_fine = None
            if rule.alternatives:
                names = (rule.name, *rule.alternatives)
                is_fine = np.any([is_present(columns.arrays[name]) for name in names], axis=0)
            elif rule.kind == "lines":
                needs_lines = pc.equal(columns.arrays["status"], STATUS_THAT_NEEDS_LINES).fill_null(False)
                has_lines = pc.greater(pc.list_value_length(columns.arrays[rule.name]), 0).fill_null(False)
                is_fine = pc.or_(pc.invert(needs_lines), has_lines).to_numpy(zero_copy_only=False)
            if is_fine is not None:
                is_whole &= is_fine | (columns.codes != code)
    return is_whole
