"""The fast path: rows of the lines that can be proven to be events, many at once.

It accepts only what it proves and gives no reasons; every other line is for the exact path, which may accept it too.

What proves a line, besides msgspec (syntax, types, lengths, the fields of its type) and the checks of each column:
its length; UTF-8, for all lines at once; and no key twice, because the line has as many keys as it has known fields
with a value, or else by a closer look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.ingest.clock import Clock
from pipelines.ingest.field_rules import FieldRule, event_rules
from pipelines.ingest.instant_columns import Mask
from pipelines.ingest.unique_keys import are_surely_unique, are_unique
from pipelines.ingest.unknown_fields import merge_unknown, read_members, unknown_names
from pipelines.ingest.wire import DECODER, LENIENT_DECODER, WIRE_TYPES
from pipelines.ingest.wire_columns import Counts, WireColumn, build_column, is_present
from schemas.events.columns import INSTANT, Field, contract_fields
from schemas.events.contract import EVENT_TYPES, STATUS_THAT_NEEDS_LINES

_CODES: dict[type, int] = {type(None): -1} | {each: list(EVENT_TYPES).index(name) for each, name in WIRE_TYPES.items()}
_TYPE_NAMES = pa.array(list(EVENT_TYPES), pa.string())

_QUOTE, _COLON, _SPACE = b'": '


@dataclass(frozen=True)
class ProvenRows:
    """Columns of the events table but `event_date` and `landing_source`, and the line that each row stands on."""

    table: pa.Table
    lines: NDArray[np.intp]


@dataclass(frozen=True)
class LineBlock:
    """Lines, and the bytes that they are cut from: line i starts at `starts[i]` of `data`."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lines: Sequence[bytes]


def prove_lines(block: LineBlock, clock: Clock, max_line_bytes: int) -> ProvenRows:
    """The rows of all lines that are surely events."""
    objects, has_key_of_ours = _read_objects(block)
    codes = np.fromiter(map(_CODES.__getitem__, map(type, objects)), np.int8, len(objects))
    lines = np.flatnonzero(codes >= 0)
    columns = _Columns([each for each in objects if each is not None], codes[lines])
    del objects
    seen = _look_at_bytes(block)
    is_proven = columns.is_proven & _are_times_proven(columns, clock) & _are_fields_there(columns)
    is_proven &= seen.lengths[lines] <= max_line_bytes
    is_unique = columns.is_unique & ~seen.has_space[lines]
    is_unique &= columns.key_counts - has_key_of_ours[lines] == seen.key_counts[lines]
    for row in np.flatnonzero(is_proven & ~is_unique).tolist():
        line = block.lines[lines[row]]
        is_proven[row] = (not seen.has_space[lines[row]] and are_unique(line)) or are_surely_unique(line)
    table = pa.table(columns.arrays)
    return ProvenRows(table if is_proven.all() else table.filter(pa.array(is_proven)), lines[is_proven])


def _read_objects(block: LineBlock) -> tuple[list[Any], Mask]:
    """An object a line, or None where there is none; and where `properties` is not the line's own."""
    objects: list[Any] = []
    remaining = map(DECODER.decode, block.lines)
    while len(objects) < len(block.lines):
        try:
            # Runs in C as long as lines are good. What it took before an error stays, and the rest goes on behind it.
            objects.extend(remaining)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            objects.append(None)
    for line in _not_utf8(block):
        objects[line] = _NOT_UTF8  # msgspec looks at the bytes of texts, not at those of Raw
    is_ours = np.zeros(len(objects), np.bool_)
    for line, each in enumerate(objects):
        if each is None:
            objects[line], is_ours[line] = _read_folded(block.lines[line])
        elif each is _NOT_UTF8:
            objects[line] = None
    return objects, is_ours


_NOT_UTF8 = object()


def _read_folded(line: bytes) -> tuple[Any, bool]:
    """The object of a line once its unknown fields are in `properties`, if it is one then.

    A name that stands twice is lost here; the keys of the line are counted as they were.
    """
    try:
        members = read_members(line)
        unknown = unknown_names(members)
        if not unknown:
            return None, False
        event = LENIENT_DECODER.decode(line)
        event.properties = msgspec.Raw(merge_unknown(members, unknown) or b"null")
    except (msgspec.MsgspecError, RecursionError):
        return None, False
    return event, "properties" not in members


class _Columns:
    """Every column of the contract over the objects, and what is known of each row."""

    def __init__(self, objects: list[Any], codes: NDArray[np.int8]) -> None:
        self.codes = codes
        self.arrays: dict[str, pa.Array] = {"event_type": _TYPE_NAMES.take(pa.array(codes))}
        self.key_counts: Counts = np.ones(len(objects), np.int64)  # event_type itself
        self.is_proven: Mask = np.ones(len(objects), np.bool_)
        self.is_unique: Mask = np.ones(len(objects), np.bool_)
        for event_types, fields in _fields_by_event_types().items():
            if len(event_types) == len(EVENT_TYPES):
                self._add(fields, objects, None)
            else:
                has_fields = np.isin(codes, [list(EVENT_TYPES).index(name) for name in event_types])
                self._add(fields, list(compress(objects, has_fields.tolist())), np.flatnonzero(has_fields))

    def _add(self, fields: list[Field], objects: list[Any], rows: NDArray[np.intp] | None) -> None:
        """Add columns of fields that the objects carry; `rows` are the objects' places, None when it is all."""
        count = len(self.codes)
        places = None
        if rows is not None and len(rows):
            order = np.full(count, -1)
            order[rows] = np.arange(len(rows))
            places = pa.array(order, mask=order < 0)
        for field in fields:
            if not objects:
                self.arrays[field.name] = pa.nulls(count, field.type)
                continue
            rule = _rule_of(field)
            column = build_column(rule, objects)
            self._note(column, slice(None) if rows is None else rows)
            values = column.values if rule.default is None else column.values.fill_null(rule.default)
            self.arrays[field.name] = values if places is None else values.take(places)

    def _note(self, column: WireColumn, rows: slice | NDArray[np.intp]) -> None:
        self.key_counts[rows] += column.key_counts
        if column.is_proven is not None:
            self.is_proven[rows] &= column.is_proven
        if column.is_unique is not None:
            self.is_unique[rows] &= column.is_unique


def _fields_by_event_types() -> dict[tuple[str, ...], list[Field]]:
    grouped: dict[tuple[str, ...], list[Field]] = {}
    for field in contract_fields():
        grouped.setdefault(field.event_types, []).append(field)
    return grouped


def _rule_of(field: Field) -> FieldRule:
    """The field's rule in one of the types that carry it: what a column needs of it is the same in all."""
    return next(rule for rule in event_rules(field.event_types[0]) if rule.name == field.name)


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


@dataclass(frozen=True)
class _Bytes:
    """What the bytes of each line show, without reading them."""

    lengths: Counts
    key_counts: Counts  # how often a quote and a colon stand together: at least once a key, if ...
    has_space: Mask  # ... no space stands before a colon


def _look_at_bytes(block: LineBlock) -> _Bytes:
    data, bounds = block.data, np.append(block.starts, len(block.data))
    colons = np.flatnonzero(data == _COLON)
    before = data[colons - 1]
    keys = colons[before == _QUOTE]
    spaced = colons[before <= _SPACE]
    two_before = data[spaced - 2]
    spaced = spaced[(two_before == _QUOTE) | (two_before <= _SPACE)]
    has_space = np.zeros(len(block.lines), np.bool_)
    has_space[np.searchsorted(block.starts, spaced, side="right") - 1] = True
    return _Bytes(
        lengths=np.fromiter(map(len, block.lines), np.int64, len(block.lines)),
        key_counts=np.diff(np.searchsorted(keys, bounds)),
        has_space=has_space,
    )


def _not_utf8(block: LineBlock) -> list[int]:
    """The lines that are not UTF-8."""
    whole = pa.LargeStringArray.from_buffers(
        1, pa.py_buffer(np.array([0, len(block.data)], np.int64)), pa.py_buffer(block.data)
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        # A line feed is no part of any other character, so a line with an error is left at the next line.
        lines: list[int] = []
        position = 0
        while (position := _find_not_utf8(block.data[position:], position)) >= 0:
            lines.append(int(np.searchsorted(block.starts, position, side="right")) - 1)
            if lines[-1] + 1 == len(block.starts):
                break
            position = int(block.starts[lines[-1] + 1])
        return lines
    return []


def _find_not_utf8(data: NDArray[np.uint8], base: int) -> int:
    """Where the first byte stands that is not UTF-8, counted from `base` before the data; -1 when all is."""
    try:
        str(data.data, "utf-8")
    except UnicodeDecodeError as error:
        return base + error.start
    return -1
