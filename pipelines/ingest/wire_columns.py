"""From msgspec objects to Arrow columns, a field at a time, with what must be proven of each value.

A value that is not proven here is not wrong: its line goes to the exact path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.ingest.arrow_buffers import not_normalized, string_parts
from pipelines.ingest.field_rules import FieldRule, Kind, line_rules
from pipelines.ingest.instant_columns import Mask, read_instants
from pipelines.ingest.unique_keys import find_not_unique
from schemas.events.columns import INSTANT, MONEY
from schemas.events.contract import MONEY_PRECISION, MONEY_SCALE
from schemas.events.rejects import MAX_DEPTH

Counts = NDArray[np.int64]

_LOWER = 0x20  # the bit in which [ and { differ

# Money as nearly every client writes it; an exponent or a fifth decimal is for the exact path.
_PLAIN_MONEY = rf"^-?(?:0|[1-9][0-9]{{0,{MONEY_PRECISION - MONEY_SCALE - 1}}})(?:\.[0-9]{{1,{MONEY_SCALE}}})?$"


@dataclass
class WireColumn:
    """One column. `key_counts` is the number of keys that each row's line has of this field, at any depth."""

    values: pa.Array
    key_counts: Counts
    is_proven: Mask | None = None  # None: all of them
    is_unique: Mask | None = None  # whether keys inside are surely unique; None: all of them


def build_column(rule: FieldRule, objects: Sequence[Any]) -> WireColumn:
    """The column of one field over objects that all have it."""
    column = _BUILDERS[rule.kind](list(map(attrgetter(rule.name), objects)))
    if rule.kind == "money" and rule.is_required and column.values.null_count:  # msgspec takes null for Raw
        present = is_present(column.values)
        column.is_proven = present if column.is_proven is None else column.is_proven & present
    return column


def is_present(values: pa.Array) -> Mask:
    """Where an array has a value."""
    mask: Mask = values.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _count_present(values: pa.Array) -> Counts:
    if not values.null_count:
        return np.ones(len(values), np.int64)
    return is_present(values).astype(np.int64)


def _text_column(values: list[str | None]) -> WireColumn:
    texts = pa.array(values, pa.string())
    return WireColumn(texts, _count_present(texts), _all_but(not_normalized(texts), len(texts)))


def _plain_column(type_: pa.DataType) -> Callable[[list[Any]], WireColumn]:
    def build(values: list[Any]) -> WireColumn:
        array = pa.array(values, type_)
        if pa.types.is_floating(type_):
            array = pc.add(array, 0.0)  # -0.0 becomes 0.0, as on the exact path
        return WireColumn(array, _count_present(array))

    return build


def _instant_column(values: list[str | None]) -> WireColumn:
    texts = pa.array(values, pa.string())
    micros, is_read = read_instants(texts)
    present = is_present(texts)
    array = pa.array(micros, INSTANT, mask=~(present & is_read))
    return WireColumn(array, present.astype(np.int64), is_read | ~present)


def _raw_texts(values: list[Any]) -> pa.StringArray:
    """The JSON text of each Raw; all of them together, since making bytes of each would cost more than reading it."""
    present = [value for value in values if value is not None]
    ends = np.fromiter(map(len, present), np.int32, len(present))
    if len(present) == len(values):
        mask, lengths = None, ends
    else:
        is_there = np.fromiter((value is not None for value in values), np.bool_, len(values))
        lengths = np.zeros(len(values), np.int32)
        lengths[is_there] = ends
        mask = pa.py_buffer(np.packbits(is_there, bitorder="little"))
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(present)), mask)


def _money_column(values: list[Any]) -> WireColumn:
    texts = _raw_texts(values)
    counts = _count_present(texts)
    # Raw holds null as text. The quotes of a text go; one that had escapes or quotes inside is not plain.
    texts = pc.utf8_trim(pc.if_else(pc.equal(texts, "null"), None, texts), '"')
    is_plain = pc.match_substring_regex(texts, _PLAIN_MONEY)
    amounts = pc.if_else(is_plain, texts, None).cast(MONEY)
    return WireColumn(amounts, counts, is_plain.fill_null(True).to_numpy(zero_copy_only=False))


def _json_column(values: list[Any]) -> WireColumn:
    texts = _raw_texts(values)
    data, starts, lengths = string_parts(texts)
    is_there = is_present(texts)
    colons = np.flatnonzero(data == ord(":"))
    key_ends = colons[data[colons - 1] == ord('"')]
    counts = is_there + np.searchsorted(key_ends, starts + lengths) - np.searchsorted(key_ends, starts)
    is_null = pc.equal(texts, "null").fill_null(False)
    is_fine = ~is_there | is_null.to_numpy(zero_copy_only=False)
    is_fine[~is_fine] = data[starts[~is_fine]] == ord("{")
    opened = np.flatnonzero((data | _LOWER) == ord("{"))
    # So few objects and lists that they cannot be too deep, with the line around them.
    is_fine &= np.searchsorted(opened, starts + lengths) - np.searchsorted(opened, starts) < MAX_DEPTH
    is_unique = np.ones(len(values), np.bool_)
    is_unique[np.flatnonzero(is_there)[find_not_unique([value for value in values if value is not None])]] = False
    return WireColumn(pc.if_else(is_null, None, texts), counts, is_fine, is_unique)


def _texts_column(values: list[list[str] | None]) -> WireColumn:
    array = pa.array(values, pa.list_(pa.string()))
    items = array.flatten()
    broken = not_normalized(items)
    rows = np.asarray(pc.list_parent_indices(array))[broken] if len(broken) else broken
    return WireColumn(array, _count_present(array), _all_but(rows, len(array)))


def _lines_column(values: list[list[Any] | None]) -> WireColumn:
    lengths = np.array([0 if lines is None else len(lines) for lines in values], np.int64)
    lines = list(chain.from_iterable(each for each in values if each is not None))
    row_of_line = np.repeat(np.arange(len(values)), lengths)
    columns = [build_column(rule, lines) for rule in line_rules()]
    present = np.array([each is not None for each in values], np.bool_)
    counts = present.astype(np.int64)
    is_proven = np.ones(len(values), np.bool_)
    for column in columns:
        counts += np.bincount(row_of_line, column.key_counts, len(values)).astype(np.int64)
        if column.is_proven is not None:
            is_proven[row_of_line[~column.is_proven]] = False
    items = pa.StructArray.from_arrays([column.values for column in columns], [rule.name for rule in line_rules()])
    offsets = pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32())
    array = pa.ListArray.from_arrays(offsets, items, mask=pa.array(~present))
    return WireColumn(array, counts, is_proven)


def _all_but(rows: NDArray[np.intp], count: int) -> Mask | None:
    if not len(rows):
        return None
    mask = np.ones(count, np.bool_)
    mask[rows] = False
    return mask


_BUILDERS: dict[Kind, Callable[[list[Any]], WireColumn]] = {
    "text": _text_column,
    "choice": _text_column,
    "integer": _plain_column(pa.int64()),
    "number": _plain_column(pa.float64()),
    "money": _money_column,
    "instant": _instant_column,
    "json": _json_column,
    "texts": _texts_column,
    "lines": _lines_column,
}
