"""Rows of Parquet files, a few thousand at a time. Decimals stay exact, binary floats count as their shortest text."""

from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.imports.input_file import InputPath
from pipelines.imports.mapping import InputFile
from pipelines.imports.readers.batch import Batch, with_nulls
from pipelines.imports.values import Column, Value
from schemas.errors import UsageError

Record = tuple[Value, ...]

BATCH_ROWS = 8192


class ParquetReader:
    """An open Parquet file."""

    is_text = False

    def __init__(self, file: InputPath, settings: InputFile) -> None:
        """Read the footer."""
        self._path = file.path
        self._nulls = frozenset(settings.null)
        try:
            # Row groups may be large: read ahead of the batch at hand is memory for nothing.
            self._file = pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 16)
        except pa.ArrowException as error:
            raise _broken(file, error) from error
        self.column_names: list[str] | None = self._file.schema_arrow.names
        self._names = list(self._file.schema_arrow.names)
        self._places = {name: place for place, name in enumerate(self._names)}

    def batches(self) -> Iterator[Batch]:
        """A few thousand rows at a time."""
        number = 0
        try:
            for records in self._file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                columns = [_values_of(column) for column in records.columns]
                rows = list(zip(*columns, strict=True)) if columns else [()] * records.num_rows
                yield Batch(self, rows, range(number + 1, number + 1 + len(rows)))
                number += len(rows)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self._path}: broken Parquet after row {number:,} ({_line(error)})") from error

    def column(self, batch: Batch, name: str) -> Column:
        """One column, or a field of a struct column as `column.field`."""
        name, *path = [name] if name in self._places else name.split(".")
        values: Sequence[Value] = batch.cells(self._places[name])
        for key in path:
            values = [value.get(key) if isinstance(value, dict) else None for value in values]
        return with_nulls(values, self._nulls)

    def item_row(self, row: Record, column: str, item: Value) -> Record:
        """The row with one item in place of its list."""
        place = self._places[column]
        return (*row[:place], item, *row[place + 1 :])

    def shown(self, row: Record) -> Value:
        """Names and values."""
        return dict(zip(self._names, row, strict=True))

    def identity(self, row: Record) -> bytes:
        """All values, as JSON."""
        return msgspec.json.encode(row)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _values_of(column: pa.Array) -> Column:
    """Python values; nanoseconds are cut to microseconds, NaN is a missing value, as pandas means it."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: Column = column.to_pylist()
    if pa.types.is_floating(column.type):
        values = [None if value != value else value for value in values]  # noqa: PLR0124 - the test for NaN
    return values


def _broken(file: InputPath, error: pa.ArrowException) -> UsageError:
    return UsageError(f"{file.path} is not a Parquet file, or a part of one ({_line(error)})")


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
