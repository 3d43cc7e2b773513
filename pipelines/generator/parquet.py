"""Columns of the truth as Arrow arrays, and Parquet files that have their final name only when they are whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.generator.dice import Ints
from schemas.lake.durable import sync_file, sync_folder

MONEY = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us", tz="UTC")
TEXT = pa.string()


class TruthFile:
    """A Parquet file of the truth, written a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema, texts_apart: Sequence[str] = ()) -> None:
        """`texts_apart` are columns whose values are nearly all different: a dictionary would only cost."""
        self.path = path
        self.schema = schema
        self._temporary = path.with_name(f"{path.name}.tmp")
        self._writer = pq.ParquetWriter(
            self._temporary,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[field.name for field in schema if field.name not in texts_apart],
            # Readers get plain strings, not the dictionaries we write from.
            store_schema=False,
        )

    def write(self, **columns: Any) -> None:
        """Append rows, one array or list a column."""
        arrays = [columns[field.name] for field in self.schema]
        typed = [
            each if isinstance(each, pa.Array) else pa.array(each, type=field.type)
            for each, field in zip(arrays, self.schema, strict=True)
        ]
        fields = [pa.field(field.name, each.type) for field, each in zip(self.schema, typed, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(typed, schema=pa.schema(fields)).cast(self.schema))

    def close(self) -> None:
        """Make the file durable and give it its name."""
        self._writer.close()
        sync_file(self._temporary)
        self._temporary.rename(self.path)
        sync_folder(self.path.parent)


def coded(numbers: Ints, names: pa.Array) -> pa.Array:
    """Texts by number, null for -1, without copying a text."""
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, names)


def instants(at: Ints) -> pa.Array:
    """Microseconds since 1970 as instants, null for -1."""
    return pa.array(at, mask=at < 0).cast(INSTANT)


def dates(days: Ints) -> pa.Array:
    """Days since 1970 as dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def money(amounts: Ints) -> pa.Array:
    """Ten-thousandths as exact decimals."""
    words = np.empty((len(amounts), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = amounts, amounts >> 63
    return pa.Array.from_buffers(MONEY, len(amounts), [None, pa.py_buffer(words)])
