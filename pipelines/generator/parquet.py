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


# Each row group repeats the dictionaries of its columns: many small ones would cost more than the rows.
ROWS_A_GROUP = 250_000


class TruthFile:
    """A Parquet file of the truth, written a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema, texts_apart: Sequence[str] = ()) -> None:
        """`texts_apart` are text columns whose values are nearly all different."""
        self.path = path
        coded_names = [each.name for each in schema if each.type == TEXT and each.name not in texts_apart]
        types = dict.fromkeys(coded_names, pa.dictionary(pa.int32(), TEXT))
        self.schema = pa.schema([(each.name, types.get(each.name, each.type)) for each in schema])
        numbers = [each.name for each in schema if pa.types.is_integer(each.type) or pa.types.is_temporal(each.type)]
        self._waiting: list[pa.RecordBatch] = []
        self._temporary = path.with_name(f"{path.name}.tmp")
        self._writer = pq.ParquetWriter(
            self._temporary,
            self.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=coded_names,
            # Instants and line numbers stand nearly in order.
            column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
            # Readers get plain strings, not the dictionaries we write from.
            store_schema=False,
        )

    def write(self, **columns: Any) -> None:
        """Append rows, one array or list a column."""
        arrays = [self._array(columns[field.name], field.type) for field in self.schema]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        if sum(len(each) for each in self._waiting) >= ROWS_A_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        if self._waiting:
            self._writer.write_batch(pa.concat_batches(self._waiting))
            self._waiting.clear()

    @staticmethod
    def _array(values: Any, kind: pa.DataType) -> pa.Array:
        if not isinstance(values, pa.Array):
            values = pa.array(values, type=kind.value_type if pa.types.is_dictionary(kind) else kind)
        if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(values.type):
            return values.dictionary_encode()
        return values if values.type == kind else values.cast(kind)

    def close(self) -> None:
        """Make the file durable and give it its name."""
        self._write_group()
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
