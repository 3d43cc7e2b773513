"""Rows of NDJSON (JSONL): one object a line, columns by name or by a path such as `user.id`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.imports.input_file import UnpackedFile
from pipelines.imports.mapping import InputFile
from pipelines.imports.readers.batch import Batch, RefusedRow, with_nulls
from pipelines.imports.values import Column, Value
from schemas.errors import UsageError

Record = dict[str, Any]

MAX_LINE_BYTES = 64 << 20
"""Longer lines are no rows: bounds the memory on a file that is one huge JSON document."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NdjsonReader:
    """An open NDJSON file. Numbers keep their text: what has a point or an exponent is read as Decimal."""

    column_names: list[str] | None = None
    is_text = False

    def __init__(self, file: UnpackedFile, settings: InputFile) -> None:
        """Nothing is read yet: an object a line has no header."""
        self._file = file
        self._nulls = frozenset(settings.null)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)

    def batches(self) -> Iterator[Batch]:
        """One batch a block of lines."""
        number = 0
        for lines in self._line_blocks():
            batch = Batch(self, [], range(number + 1, number + 1 + len(lines)))
            number += len(lines)
            try:
                batch.rows = self._decoder.decode_lines(b"\n".join(lines))
            except (msgspec.DecodeError, UnicodeDecodeError):
                batch.rows = []
            # Fewer rows than lines: some are blank. Then, or when one is broken, each line is looked at alone.
            if len(batch.rows) != len(lines) or set(map(type, batch.rows)) != {dict}:
                self._sort_out(lines, batch)
            yield batch

    def column(self, batch: Batch, name: str) -> Column:
        """One column; None where it is missing, null or one of the texts of `[input] null`."""
        if "." in name:
            return with_nulls([_at_path(row, name) for row in batch.rows], self._nulls)
        return with_nulls([row.get(name) for row in batch.rows], self._nulls)

    def item_row(self, row: Record, column: str, item: Value) -> Record:
        """The object with one item in place of its list, so that the item's own keys are `column.key`."""
        return {**row, column: item}

    def shown(self, row: Record) -> Value:
        """The object itself."""
        return row

    def identity(self, row: Record) -> bytes:
        """The object as JSON with its keys in order."""
        return _ENCODER.encode(row)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _sort_out(self, lines: list[bytes], batch: Batch) -> None:
        batch.rows = []
        numbers = []
        for number, line in zip(batch.numbers, lines, strict=True):
            if not line.strip():
                batch.blank_count += 1
                continue
            try:
                row = self._decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                batch.refused.append(
                    RefusedRow(number, f"is not JSON: {error}", line.decode(errors="backslashreplace"))
                )
                continue
            if isinstance(row, dict):
                batch.rows.append(row)
                numbers.append(number)
            else:
                batch.refused.append(RefusedRow(number, "is JSON, but not an object", row))
        batch.numbers = numbers

    def _line_blocks(self) -> Iterator[list[bytes]]:
        tail = b""
        for place, block in enumerate(self._file.blocks()):
            text = block.removeprefix(_BYTE_ORDER_MARK) if place == 0 else block
            complete, feed, rest = text.rpartition(b"\n")
            if feed:
                yield (tail + complete).split(b"\n")
                tail = rest
            else:
                tail += text
            if len(tail) > MAX_LINE_BYTES:
                raise UsageError(
                    f"{self._file.file.path}: no line end within {MAX_LINE_BYTES >> 20} MiB; "
                    "NDJSON has one object a line, this may be one big document"
                )
        if tail:
            yield [tail]


_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def _at_path(row: Record, name: str) -> Value:
    """The value at `a.b`: the key of that very name if there is one, else key by key."""
    if name in row:
        return row[name]
    value: Value = row
    for key in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
