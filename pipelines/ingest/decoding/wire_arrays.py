"""From lines to Arrow arrays, field by field, by way of msgspec objects.

Objects are made and dropped a few lines at a time: all of a block's would be five times as large as the block.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec.structs import astuple, fields
from numpy.typing import NDArray

from pipelines.ingest.decoding.field_rules import FieldRule, Kind, event_rules, line_rules
from pipelines.ingest.decoding.instant_columns import Mask
from pipelines.ingest.decoding.line_block import LineBlock, find_not_utf8
from pipelines.ingest.decoding.unknown_fields import merge_unknown, read_members, unknown_names
from pipelines.ingest.decoding.wire import DECODER, LENIENT_DECODER, WIRE_TYPES
from schemas.events.columns import contract_fields
from schemas.events.contract import EVENT_TYPES

Codes = NDArray[np.int8]

_LINES_AT_ONCE = 2_048  # so few that their objects stay in the cache, so many that a call of Arrow costs nothing
_NO_EVENT = -1
_CODES: dict[type, int] = {type(None): _NO_EVENT} | {
    struct: list(EVENT_TYPES).index(name) for struct, name in WIRE_TYPES.items()
}


_EVERY_TYPE = -1  # as a code: of the fields that all events have, which are gathered in the order of the lines


@dataclass(frozen=True)
class WireArrays:
    """What msgspec took for events: times are still texts, money and properties JSON texts.

    `arrays` holds for each field a value for each event of the types that carry it, in the order of `rows_of`.
    """

    lines: NDArray[np.intp]  # of each event
    codes: Codes  # the place of its type in EVENT_TYPES
    has_made_properties: Mask  # whether the line had none, and now holds its unknown fields there
    arrays: dict[str, pa.Array]

    def rows_of(self, event_types: Sequence[str]) -> NDArray[np.intp] | None:
        """The events of some types, type by type and then in the order of the lines; None when these are all types."""
        if len(event_types) == len(EVENT_TYPES):
            return None
        return np.concatenate([np.flatnonzero(self.codes == list(EVENT_TYPES).index(name)) for name in event_types])


def read_arrays(block: LineBlock) -> WireArrays:
    """Read every line that msgspec takes for an event, unknown fields and all."""
    not_utf8 = find_not_utf8(block)
    codes: list[int] = []
    made: list[int] = []
    columns = _Columns()
    for start in range(0, len(block.lines), _LINES_AT_ONCE):
        objects, refused = _read_objects(block.lines[start : start + _LINES_AT_ONCE])
        for index in refused:
            if start + index not in not_utf8:
                objects[index], is_made = _read_with_unknown(block.lines[start + index])
                made += [start + index] * is_made
        for line in not_utf8.intersection(range(start, start + _LINES_AT_ONCE)) if not_utf8 else ():
            objects[line - start] = None  # msgspec looks at the bytes of texts, not at those of Raw
        of_lines = list(map(_CODES.__getitem__, map(type, objects)))
        columns.add(objects, of_lines)
        codes += of_lines
    all_codes = np.array(codes, np.int8)
    lines = np.flatnonzero(all_codes != _NO_EVENT)
    return WireArrays(lines, all_codes[lines], np.isin(lines, made), columns.finish())


class _Columns:
    """Fields as they fill up: those of every type in the order of the lines, the others type by type.

    An object becomes a tuple, and tuples columns by zip: four times as fast as a look at each field of each object.
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, int], list[pa.Array]] = {}
        self._waiting: list[list[tuple[Any, ...]]] = [[] for _ in EVENT_TYPES]

    def add(self, objects: list[Any], codes: list[int]) -> None:
        rows = list(map(astuple, filter(None, objects)))
        self._append(_SHARED, _EVERY_TYPE, rows)
        waiting = self._waiting
        for code, row in zip(filter(_NO_EVENT.__ne__, codes), rows, strict=True):
            waiting[code].append(row)
        for code in range(len(waiting)):
            if len(waiting[code]) >= _LINES_AT_ONCE:
                self._append_own(code)

    def finish(self) -> dict[str, pa.Array]:
        """All arrays by field; those of some types have the events of the first type first."""
        for code in range(len(self._waiting)):
            self._append_own(code)
        arrays: dict[str, list[pa.Array]] = {}
        for name, code in sorted(self._arrays, key=itemgetter(1)):
            arrays.setdefault(name, []).extend(self._arrays[name, code])
        return {name: pa.concat_arrays(parts) for name, parts in arrays.items()}

    def _append_own(self, code: int) -> None:
        self._append(_OWN[code], code, map(itemgetter(slice(len(_SHARED), None)), self._waiting[code]))
        self._waiting[code] = []

    def _append(self, names: Sequence[str], code: int, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows may be longer than the names are many."""
        for name, values in zip(names, zip(*rows, strict=False), strict=False):
            self._arrays.setdefault((name, code), []).append(_MAKERS[_KINDS[name]](values))


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
        event = LENIENT_DECODER.decode(line)
        members = read_members(line)
        unknown = unknown_names(members, WIRE_TYPES[type(event)])
        if not unknown:
            return None, False
        event.properties = msgspec.Raw(merge_unknown(members, unknown) or b"null")
    except (msgspec.MsgspecError, RecursionError):
        return None, False
    return event, "properties" not in members


@cache
def rules_by_event_types() -> dict[tuple[str, ...], list[FieldRule]]:
    """The fields that the same types carry. A rule is that of the first type: arrays need of it what all share."""
    grouped: dict[tuple[str, ...], list[FieldRule]] = {}
    for field in contract_fields():
        rule = next(rule for rule in event_rules(field.event_types[0]) if rule.name == field.name)
        grouped.setdefault(field.event_types, []).append(rule)
    return grouped


def _plain(type_: pa.DataType) -> Callable[[Sequence[Any]], pa.Array]:
    return lambda values: pa.array(values, type_)


def _raw(values: Sequence[Any]) -> pa.StringArray:
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


def _lines(values: Sequence[list[Any] | None]) -> pa.ListArray:
    lengths = [0 if lines is None else len(lines) for lines in values]
    lines = list(chain.from_iterable(each for each in values if each is not None))
    fields = {rule.name: _MAKERS[rule.kind](list(map(attrgetter(rule.name), lines))) for rule in line_rules()}
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32()),
        pa.StructArray.from_arrays(list(fields.values()), list(fields)),
        mask=pa.array([each is None for each in values], pa.bool_()),
    )


_MAKERS: dict[Kind, Callable[[Sequence[Any]], pa.Array]] = {
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

# The Structs inherit the fields that every event has, so these stand first.
_SHARED = [rule.name for rule in rules_by_event_types()[tuple(EVENT_TYPES)]]
_OWN = {_CODES[struct]: [field.name for field in fields(struct)][len(_SHARED) :] for struct in WIRE_TYPES}
