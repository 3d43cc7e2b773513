"""Rows of CSV and TSV files.

Lines without a quote are split at the delimiter, which is what the csv module would do, only faster; all others
go through the csv module in strict mode. A quote that never closes costs its own line, not those after it.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from pipelines.imports.input_file import UnpackedFile
from pipelines.imports.mapping import InputFile
from pipelines.imports.readers.batch import Batch, RefusedRow, with_nulls
from pipelines.imports.readers.text_blocks import text_blocks
from pipelines.imports.values import Column, Value
from schemas.errors import UsageError

Record = list[str]


class CsvReader:
    """An open CSV or TSV file; its header is read when it is made."""

    is_text = True

    def __init__(self, file: UnpackedFile, settings: InputFile, delimiter: str) -> None:
        """Read the header line, or take `[input] columns` for it."""
        self._file = file
        self._records = _Records(text_blocks(file, settings.encoding), delimiter, settings.quote)
        self._records.skip(settings.skip_lines)
        self._nulls = frozenset(settings.null)
        names = settings.columns or [name.strip() for name in self._records.header(file)]
        self.column_names: list[str] | None = names
        self._names = names
        self._places = {name: place for place, name in enumerate(names)}
        self._width = len(names)

    def batches(self) -> Iterator[Batch]:
        """One batch a block of text."""
        number = 0
        while block := self._records.next_block(self._width):
            records = block.records
            batch = Batch(self, [], range(number + 1, number + 1 + len(records)))
            if self._width > 1 and set(map(len, records)) == {self._width}:
                batch.rows = records
            else:
                self._sort_out(block, batch)
            number += len(records)
            yield batch

    def column(self, batch: Batch, name: str) -> Column:
        """One column; None where the text is one of `[input] null`."""
        return with_nulls(batch.cells(self._places[name]), self._nulls)

    def shown(self, row: Record) -> Value:
        """Names and texts."""
        return dict(zip(self._names, row, strict=True))

    def identity(self, row: Record) -> bytes:
        """All cells, parted by a character that stands in no text."""
        return "\x1f".join(row).encode()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _sort_out(self, block: "_Block", batch: Batch) -> None:
        """Part rows of the right width from blank lines and refused ones."""
        numbers = []
        for place, (number, record) in enumerate(zip(batch.numbers, block.records, strict=True)):
            if place in block.broken:
                batch.refused.append(RefusedRow(number, *block.broken[place]))
            elif not record or (len(record) == 1 and not record[0].strip()):
                batch.blank_count += 1
            elif len(record) != self._width:
                reason = f"has {len(record)} fields, the header has {self._width}"
                batch.refused.append(RefusedRow(number, reason, record))
            else:
                batch.rows.append(record)
                numbers.append(number)
        batch.numbers = numbers


@dataclass
class _Block:
    """The records of one block; an empty one stands for each line in `broken`, which holds (reason, line)."""

    records: list[Record] = field(default_factory=list)
    broken: dict[int, tuple[str, str]] = field(default_factory=dict)


class _Records:
    """Records of the text, block by block. It is also the iterator of lines that the csv module reads from."""

    def __init__(self, blocks: Iterator[str], delimiter: str, quote: str) -> None:
        self._blocks = blocks
        self._delimiter = delimiter
        self._quote = quote
        self._lines: list[str] = []
        self._place = 0
        self._has_quotes = self._has_returns = False
        if quote:
            self._csv = csv.reader(self, delimiter=delimiter, quotechar=quote, strict=True)
        else:
            self._csv = csv.reader(self, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)

    def __iter__(self) -> "_Records":
        return self

    def __next__(self) -> str:
        """The next line for the csv module, over the end of a block if a quoted field goes on there."""
        if self._place >= len(self._lines) and not self._read_on():
            raise StopIteration
        self._place += 1
        return self._lines[self._place - 1] + "\n"

    def skip(self, line_count: int) -> None:
        """Leave out lines before the header, such as the title of a report."""
        for _ in range(line_count):
            next(self, None)

    def header(self, file: UnpackedFile) -> Record:
        """The first record."""
        try:
            return next(self._csv)
        except StopIteration:
            raise UsageError(f"{file.file.path} is empty: it has no header line; was its export cut short?") from None
        except csv.Error as error:
            raise UsageError(f"{file.file.path}: the header line cannot be read ({error})") from error

    def next_block(self, width: int) -> _Block | None:
        """The records that start in the lines at hand, or in the next block; None at the end of the file."""
        del self._lines[: self._place]
        self._place = 0
        if not self._lines and not self._read_on():
            return None
        block = _Block()
        end = len(self._lines)
        for start, stop in self._odd_runs():
            self._take_plain_records(block, start)
            self._take_odd_records(block, stop, width)
        self._take_plain_records(block, end)
        return block

    def _read_on(self) -> bool:
        """Add the next block's lines; false at the end of the file."""
        text = next(self._blocks, None)
        if text is None:
            return False
        has_quotes = bool(self._quote) and self._quote in text
        has_returns = "\r" in text
        # Lines left over from the block before are few; what was found in them stays true.
        self._has_quotes = has_quotes or (self._has_quotes and bool(self._lines))
        self._has_returns = has_returns or (self._has_returns and bool(self._lines))
        self._lines += text.split("\n")
        return True

    def _odd_runs(self) -> list[tuple[int, int]]:
        """Stretches of lines that splitting at the delimiter would get wrong: (first, past the last)."""
        lines, quote = self._lines, self._quote
        if self._has_returns:
            odd = [place for place, line in enumerate(lines) if (quote and quote in line) or "\r" in line[:-1]]
        elif self._has_quotes:
            odd = [place for place, line in enumerate(lines) if quote in line]
        else:
            return []
        starts = [place for before, place in pairwise((-2, *odd)) if place != before + 1]
        stops = [place + 1 for place, after in pairwise((*odd, len(lines) + 1)) if after != place + 1]
        return list(zip(starts, stops, strict=True))

    def _take_plain_records(self, block: _Block, stop: int) -> None:
        """Split the lines up to `stop`; none when a quoted field already ran past it."""
        if self._place >= stop:
            return
        delimiter = self._delimiter
        lines = self._lines[self._place : stop]
        if self._has_returns:
            lines = [line.removesuffix("\r") for line in lines]
        block.records += [line.split(delimiter) for line in lines]
        self._place = stop

    def _take_odd_records(self, block: _Block, stop: int, width: int) -> None:
        """Read the lines up to `stop` with the csv module: at once where each is a record, else one by one."""
        if self._place >= stop:
            return
        try:
            records = list(csv.reader(self._lines[self._place : stop], self._csv.dialect))
        except csv.Error:
            records = []
        if len(records) == stop - self._place and set(map(len, records)) == {width}:
            block.records += records
            self._place = stop
        while self._place < stop:
            self._take_odd_record(block, width)

    def _take_odd_record(self, block: _Block, width: int) -> None:
        """Read one record with the csv module; of what cannot be one, only the first line is given up."""
        start = self._place
        try:
            record = next(self._csv)
        except csv.Error as error:
            reason = f"is not a CSV row: {error}"
        else:
            if len(record) == width or self._place == start + 1:
                block.records.append(record)
                return
            reason = "a quoted field runs over line ends and the fields do not match the header; is a quote missing?"
        self._place = start + 1
        block.broken[len(block.records)] = (reason, self._lines[start])
        block.records.append([])
