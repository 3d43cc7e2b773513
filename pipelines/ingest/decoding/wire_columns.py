"""From what msgspec read to the columns of the events table, with what must be proven of each value.

A value that is not proven here is not wrong: its line goes to the exact path.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.ingest.decoding.arrow_buffers import not_normalized, string_parts
from pipelines.ingest.decoding.field_rules import FieldRule, Kind, line_rules
from pipelines.ingest.decoding.instant_columns import Mask, read_instants
from pipelines.ingest.decoding.line_block import Counts
from pipelines.ingest.decoding.unique_keys import find_not_unique
from schemas.events.columns import INSTANT, MONEY
from schemas.events.contract import MONEY_PRECISION, MONEY_SCALE
from schemas.events.rejects import MAX_DEPTH

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


def prove_column(rule: FieldRule, values: pa.Array) -> WireColumn:
    """The column of one field."""
    column = _PROVERS[rule.kind](values)
    if rule.kind == "money" and rule.is_required and column.values.null_count:  # msgspec takes null for Raw
        present = is_present(column.values)
        column.is_proven = present if column.is_proven is None else column.is_proven & present
    if rule.default is not None:
        column.values = column.values.fill_null(rule.default)
    return column


def is_present(values: pa.Array) -> Mask:
    """Where an array has a value."""
    mask: Mask = values.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _count_present(values: pa.Array) -> Counts:
    return is_present(values).astype(np.int64)


def _prove_plain(values: pa.Array) -> WireColumn:
    return WireColumn(values, _count_present(values))


def _prove_text(texts: pa.StringArray) -> WireColumn:
    return WireColumn(texts, _count_present(texts), _all_but(not_normalized(texts), len(texts)))


def _prove_number(values: pa.DoubleArray) -> WireColumn:
    return WireColumn(pc.add(values, 0.0), _count_present(values))  # -0.0 becomes 0.0, as on the exact path


def _prove_instant(texts: pa.StringArray) -> WireColumn:
    micros, is_read = read_instants(texts)
    present = is_present(texts)
    array = pa.array(micros, INSTANT, mask=~(present & is_read))
    return WireColumn(array, present.astype(np.int64), is_read | ~present)


def _prove_money(texts: pa.StringArray) -> WireColumn:
    counts = _count_present(texts)
    # Raw holds null as text. The quotes of a text go; one that had escapes or quotes inside is not plain.
    texts = pc.utf8_trim(pc.if_else(pc.equal(texts, "null"), None, texts), '"')
    is_plain = pc.match_substring_regex(texts, _PLAIN_MONEY)
    amounts = pc.if_else(is_plain, texts, None).cast(MONEY)
    return WireColumn(amounts, counts, is_plain.fill_null(True).to_numpy(zero_copy_only=False))


def _prove_json(texts: pa.StringArray) -> WireColumn:
    data, starts, lengths = string_parts(texts)
    is_there = is_present(texts)
    colons = np.flatnonzero(data == ord(":"))
    key_ends = colons[data[colons - 1] == ord('"')]
    is_null = pc.equal(texts, "null").fill_null(False)
    is_fine = ~is_there | is_null.to_numpy(zero_copy_only=False)
    is_fine[~is_fine] = data[starts[~is_fine]] == ord("{")
    opened = np.flatnonzero((data | _LOWER) == ord("{"))
    # So few objects and lists that they cannot be too deep, with the line around them.
    is_fine &= _count_within(opened, starts, lengths) < MAX_DEPTH
    is_unique = np.ones(len(texts), np.bool_)
    is_unique[np.flatnonzero(is_there)[find_not_unique(texts.drop_null())]] = False
    counts = is_there + _count_within(key_ends, starts, lengths)
    return WireColumn(pc.if_else(is_null, None, texts), counts, is_fine, is_unique)


def _count_within(positions: NDArray[np.intp], starts: Counts, lengths: Counts) -> Counts:
    return np.searchsorted(positions, starts + lengths) - np.searchsorted(positions, starts)


def _prove_texts(lists: pa.ListArray) -> WireColumn:
    broken = not_normalized(lists.flatten())
    rows = np.asarray(pc.list_parent_indices(lists))[broken] if len(broken) else broken
    return WireColumn(lists, _count_present(lists), _all_but(rows, len(lists)))


def _prove_lines(lists: pa.ListArray) -> WireColumn:
    lines = lists.flatten()
    row_of_line = np.asarray(pc.list_parent_indices(lists))
    columns = {rule.name: prove_column(rule, lines.field(rule.name)) for rule in line_rules()}
    counts = _count_present(lists)
    is_proven = np.ones(len(lists), np.bool_)
    for column in columns.values():
        counts += np.bincount(row_of_line, column.key_counts, len(lists)).astype(np.int64)
        if column.is_proven is not None:
            is_proven[row_of_line[~column.is_proven]] = False
    items = pa.StructArray.from_arrays([column.values for column in columns.values()], list(columns))
    is_null = lists.is_null() if lists.null_count else None
    return WireColumn(pa.ListArray.from_arrays(lists.offsets, items, mask=is_null), counts, is_proven)


def _all_but(rows: NDArray[np.intp], count: int) -> Mask | None:
    if not len(rows):
        return None
    mask = np.ones(count, np.bool_)
    mask[rows] = False
    return mask


_PROVERS: dict[Kind, Callable[[pa.Array], WireColumn]] = {
    "text": _prove_text,
    "choice": _prove_plain,
    "integer": _prove_plain,
    "number": _prove_number,
    "money": _prove_money,
    "instant": _prove_instant,
    "json": _prove_json,
    "texts": _prove_texts,
    "lines": _prove_lines,
}
