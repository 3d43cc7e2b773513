"""From lines to Arrow arrays, field by field, by way of msgspec objects.

Objects are made and dropped a few lines at a time: all of a block's would be five times as large as the block.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, compress
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.ingest.field_rules import FieldRule, Kind, event_rules, line_rules
from pipelines.ingest.instant_columns import Mask
from pipelines.ingest.line_block import LineBlock, find_not_utf8
from pipelines.ingest.unknown_fields import merge_unknown, read_members, unknown_names
from pipelines.ingest.wire import DECODER, LENIENT_DECODER, WIRE_TYPES
from schemas.events.columns import contract_fields
from schemas.events.contract import EVENT_TYPES

Codes = NDArray[np.int8]

_LINES_AT_ONCE = 512  # so few that their objects, which are walked once a field, stay in the cache
_LINES_AN_ARRAY = 4096  # few enough that the values take some megabytes, many enough that a call costs nothing
_NO_EVENT = -1
_CODES: dict[type, int] = {type(None): _NO_EVENT} | {
    struct: list(EVENT_TYPES).index(name) for struct, name in WIRE_TYPES.items()
}


@dataclass(frozen=True)
class WireArrays:
    """What msgspec took for events: times are still texts, money and properties JSON texts.

    `arrays` holds for each field a value for each event of the types that carry it, in the order of the lines.
    """

    lines: NDArray[np.intp]  # of each event
    codes: Codes  # the place of its type in EVENT_TYPES
    has_made_properties: Mask  # whether the line had none, and now holds its unknown fields there
    arrays: dict[str, pa.Array]

    def rows_of(self, event_types: Sequence[str]) -> NDArray[np.intp] | None:
        """The events of some types; None when these are all types."""
        if len(event_types) == len(EVENT_TYPES):
            return None
        return np.flatnonzero(np.isin(self.codes, [list(EVENT_TYPES).index(name) for name in event_types]))


def read_arrays(block: LineBlock) -> WireArrays:
    """Read every line that msgspec takes for an event, unknown fields and all."""
    not_utf8 = find_not_utf8(block)
    codes: list[int] = []
    made: list[int] = []
    parts: dict[str, list[pa.Array]] = {}
    for first in range(0, len(block.lines), _LINES_AN_ARRAY):
        values: dict[str, list[Any]] = {}
        for start in range(first, min(first + _LINES_AN_ARRAY, len(block.lines)), _LINES_AT_ONCE):
            stop = min(start + _LINES_AT_ONCE, first + _LINES_AN_ARRAY)
            objects, refused = _read_objects(block.lines[start:stop])
            for index in refused:
                if start + index not in not_utf8:
                    objects[index], is_made = _read_with_unknown(block.lines[start + index])
                    made += [start + index] * is_made
            for line in not_utf8.intersection(range(start, stop)) if not_utf8 else ():
                objects[line - start] = None  # msgspec looks at the bytes of texts, not at those of Raw
            codes += map(_CODES.__getitem__, map(type, objects))
            _gather([each for each in objects if each is not None] if refused or not_utf8 else objects, values)
        for name, kind in _KINDS.items():
            if name in values:
                parts.setdefault(name, []).append(_MAKERS[kind](values[name]))
    all_codes = np.array(codes, np.int8)
    lines = np.flatnonzero(all_codes != _NO_EVENT)
    arrays = {name: pa.concat_arrays(arrays) for name, arrays in parts.items()}
    return WireArrays(lines, all_codes[lines], np.isin(lines, made), arrays)


def _read_objects(lines: Sequence[bytes]) -> tuple[list[Any], list[int]]:
    """An object a line, or None where msgspec refuses it; and where that is."""
    objects: list[Any] = []
    refused: list[int] = []
    remaining = map(DECODER.decode, lines)
    while len(objects) < len(lines):
        try:
            # Runs in C as long as lines are good. What it took before an error stays, and the rest goes on behind it.
            objects.extend(remaining)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refused.append(len(objects))
            objects.append(None)
    return objects, refused


def _read_with_unknown(line: bytes) -> tuple[Any, bool]:
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


def _gather(events: list[Any], values: dict[str, list[Any]]) -> None:
    """Add the events' values to those of each field."""
    types = list(map(type, events))
    for event_types, rules in rules_by_event_types().items():
        is_all = len(event_types) == len(EVENT_TYPES)
        carriers = events if is_all else list(compress(events, map(_structs_of(event_types).__contains__, types)))
        for rule in rules if carriers else ():
            values.setdefault(rule.name, []).extend(map(attrgetter(rule.name), carriers))


@cache
def _structs_of(event_types: tuple[str, ...]) -> frozenset[type]:
    return frozenset(struct for struct, name in WIRE_TYPES.items() if name in event_types)


@cache
def rules_by_event_types() -> dict[tuple[str, ...], list[FieldRule]]:
    """The fields that the same types carry. A rule is that of the first type: arrays need of it what all share."""
    grouped: dict[tuple[str, ...], list[FieldRule]] = {}
    for field in contract_fields():
        rule = next(rule for rule in event_rules(field.event_types[0]) if rule.name == field.name)
        grouped.setdefault(field.event_types, []).append(rule)
    return grouped


def _plain(type_: pa.DataType) -> Callable[[list[Any]], pa.Array]:
    return lambda values: pa.array(values, type_)


def _raw(values: list[Any]) -> pa.StringArray:
    """The JSON text of each Raw; all of them together, since making bytes of each would cost more than reading it."""
    present = [value for value in values if value is not None]
    lengths = np.fromiter(map(len, present), np.int32, len(present))
    validity = None
    if len(present) < len(values):
        is_there = np.array([value is not None for value in values], np.bool_)
        validity = pa.py_buffer(np.packbits(is_there, bitorder="little"))
        spread = np.zeros(len(values), np.int32)
        spread[is_there] = lengths
        lengths = spread
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(present)), validity)


def _lines(values: list[list[Any] | None]) -> pa.ListArray:
    lengths = [0 if lines is None else len(lines) for lines in values]
    lines = list(chain.from_iterable(each for each in values if each is not None))
    fields = {rule.name: _MAKERS[rule.kind](list(map(attrgetter(rule.name), lines))) for rule in line_rules()}
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32()),
        pa.StructArray.from_arrays(list(fields.values()), list(fields)),
        mask=pa.array([each is None for each in values], pa.bool_()),
    )


_MAKERS: dict[Kind, Callable[[list[Any]], pa.Array]] = {
    "text": _plain(pa.string()),
    "choice": _plain(pa.string()),
    "instant": _plain(pa.string()),
    "integer": _plain(pa.int64()),
    "number": _plain(pa.float64()),
    "texts": _plain(pa.list_(pa.string())),
    "money": _raw,
    "json": _raw,
    "lines": _lines,
}

_KINDS = {rule.name: rule.kind for rules in rules_by_event_types().values() for rule in rules}
