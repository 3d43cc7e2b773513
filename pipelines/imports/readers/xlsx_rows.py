"""Rows of one sheet of an XLSX workbook, as they stream out of it. Needs the extra `xlsx` (openpyxl)."""

import warnings
import zipfile
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec

from pipelines.imports.input_file import InputPath
from pipelines.imports.mapping import InputFile
from pipelines.imports.readers.batch import Batch, RefusedRow, with_nulls
from pipelines.imports.values import Column, Value, as_text
from schemas.errors import UsageError

Record = tuple[Value, ...]

BATCH_ROWS = 4096


class XlsxReader:
    """An open sheet; its header is the first row that is not blank."""

    is_text = False

    def __init__(self, file: InputPath, settings: InputFile) -> None:
        """Open the workbook and read the header row."""
        self._path = file.path
        self._nulls = frozenset(settings.null)
        self._rows = self._open(settings)
        for _ in range(settings.skip_lines):
            next(self._rows, None)
        names = settings.columns or self._header()
        self.column_names: list[str] | None = names
        self._names = names
        self._places = {name: place for place, name in enumerate(names)}

    def batches(self) -> Iterator[Batch]:
        """A few thousand rows at a time."""
        width = len(self._names)
        batch = Batch(self, [], [])
        numbers: list[int] = []
        for number, record in enumerate(self._reading(self._rows), 1):
            if all(cell is None for cell in record):
                batch.blank_count += 1
            elif any(cell is not None for cell in record[width:]):
                reason = f"has {len(record)} cells, the header has {width}"
                batch.refused.append(RefusedRow(number, reason, list(record)))
            else:
                batch.rows.append((*record[:width], *[None] * (width - len(record))))
                numbers.append(number)
            if number % BATCH_ROWS == 0:
                batch.numbers = numbers
                yield batch
                batch, numbers = Batch(self, [], []), []
        batch.numbers = numbers
        yield batch

    def column(self, batch: Batch, name: str) -> Column:
        """One column; None where the cell is empty or holds one of the texts of `[input] null`."""
        return with_nulls(batch.cells(self._places[name]), self._nulls)

    def shown(self, row: Record) -> Value:
        """Names and values."""
        return dict(zip(self._names, row, strict=True))

    def identity(self, row: Record) -> bytes:
        """All cells, as JSON."""
        return msgspec.json.encode(row)

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def _open(self, settings: InputFile) -> Iterator[Record]:
        try:
            import openpyxl
        except ImportError:
            raise UsageError("reading .xlsx needs the extra: pip install 'maidian[xlsx]'; or save it as CSV") from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns of styles and extensions, which are no concern of ours.
            try:
                self._book: Any = openpyxl.load_workbook(self._path, read_only=True, data_only=True, keep_links=False)
            except (zipfile.BadZipFile, KeyError, ValueError, ParseError) as error:
                raise UsageError(
                    f"{self._path} is not an XLSX workbook ({error}); an old .xls or a locked one must be saved anew"
                ) from error
        if settings.sheet is not None and settings.sheet not in self._book.sheetnames:
            close = get_close_matches(settings.sheet, self._book.sheetnames) or self._book.sheetnames
            self._book.close()
            raise UsageError(f"{self._path} has no sheet {settings.sheet!r}; it has {', '.join(close)}")
        sheet: Any = self._book[settings.sheet] if settings.sheet is not None else self._book.worksheets[0]
        sheet.reset_dimensions()  # Other programs write wrong ones, and rows beyond them would be lost.
        rows: Iterator[Record] = sheet.iter_rows(values_only=True)
        return rows

    def _header(self) -> list[str]:
        for record in self._reading(self._rows):
            names = [as_text(cell).strip() if cell is not None else "" for cell in record]
            while names and not names[-1]:
                names.pop()
            if names:
                return names
        raise UsageError(f"{self._path} is empty: the sheet has no header row; is [input] sheet the right one?")

    def _reading(self, rows: Iterator[Record]) -> Iterator[Record]:
        try:
            # Not `yield from`: that would end the sheet's own iterator when the header has been read.
            for record in rows:  # noqa: UP028
                yield record
        except (zipfile.BadZipFile, ParseError, ValueError, EOFError) as error:
            raise UsageError(f"{self._path}: broken workbook ({error})") from error
