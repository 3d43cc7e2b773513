"""A parcel is a line on its way to a segment, with what the truth must say of it."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.generator.dice import Ints

FIRST, REPEAT, GARBAGE = range(3)
"""Roles: a good event's first line, a later copy of it, a line the ingest must refuse."""

FAVORITE_REMOVED = 6
"""Beside the kinds of actions.py, in the column `kind` alone: a favourite that is taken off the list."""

SCHEMA = pa.schema(
    [
        ("line", pa.large_binary()),
        ("event_id", pa.large_string()),
        ("role", pa.int8()),
        ("due_day", pa.int32()),  # the business day whose segment holds the line
        ("arrives_at", pa.int64()),  # orders the lines of a segment
        ("kind", pa.int8()),  # of actions.py, or FAVORITE_REMOVED
        ("happened_at", pa.int64()),  # the true instant
        ("lake_at", pa.int64()),  # the instant the lake must show
        ("is_corrected", pa.bool_()),
        ("visit", pa.int64()),  # numbered through the whole generation, -1 for none
        ("customer", pa.int32()),  # as sent
        ("actual_customer", pa.int32()),  # who it really was
        ("device", pa.int32()),
        ("sku", pa.int32()),
        ("query", pa.int32()),
        ("order", pa.int32()),
        ("fault", pa.int32()),  # the number of the fault in garbage.py, -1 for none
    ]
)
NUMBERS = {field.name: field.type for field in SCHEMA if field.name not in ("line", "event_id")}


def pack(line: pa.Array, event_id: pa.Array, **numbers: npt.NDArray[np.generic] | int) -> pa.RecordBatch:
    """Rows of `SCHEMA`; a single number stands in every row, and what is not given is -1."""
    count = len(line)
    columns = [line, event_id]
    for name, kind in NUMBERS.items():
        value = numbers.get(name, -1)
        filled = np.full(count, value) if isinstance(value, int) else value
        columns.append(pa.array(filled, type=kind) if kind == pa.bool_() else _as_type(filled, kind))
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def column(rows: pa.RecordBatch, name: str) -> Ints:
    """A number column as NumPy."""
    values: Ints = rows.column(name).to_numpy(zero_copy_only=False).astype(np.int64)
    return values


def change(rows: pa.RecordBatch, **numbers: npt.NDArray[np.generic]) -> pa.RecordBatch:
    """The same rows with other numbers in some columns."""
    for name, values in numbers.items():
        rows = rows.set_column(SCHEMA.get_field_index(name), SCHEMA.field(name), _as_type(values, NUMBERS[name]))
    return rows


def _as_type(values: npt.NDArray[np.generic], kind: pa.DataType) -> pa.Array:
    return pa.array(values.astype(kind.to_pandas_dtype(), copy=False))
