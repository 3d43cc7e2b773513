"""Writing a list in one of four formats: the same rows make the same bytes, on stable storage at return.

CSV and XLSX are for people: headings in their language, and nothing that a spreadsheet takes for a formula. Parquet and
NDJSON are for programs: the columns' names, texts as they are. Mobile numbers are hidden in all four.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from maidian.audiences.remembered import Remembered
from maidian.audiences.safe_text import without_control, without_formula
from maidian.audiences.sources.source import ListColumn
from maidian.options import Language
from maidian.reading.cell_text import VALUES
from schemas.errors import UsageError
from schemas.lake.durable import sync_file

Format = Literal["csv", "xlsx", "parquet", "ndjson"]
Rows = Iterable[Sequence[Any]]

YES_NO: dict[Language, tuple[str, str]] = {"en": ("yes", "no"), "zh": ("是", "否")}
CELL_ROWS = 10_000
PARQUET_ROWS = 65_536  # a row group; what is held in memory at once
XLSX_ROWS = 1_048_575  # what a sheet holds below its headings
# A workbook says when it was made, and so would differ from one made a second later. No ZIP can be older.
EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 a ZIP knows no zones


def write_list(path: Path, columns: Sequence[ListColumn], rows: Rows, shape: Format, language: Language) -> int:
    """Write the rows and return how many there were."""
    counted = _Counted(rows)
    WRITERS[shape](path, columns, counted, language)
    sync_file(path)
    return counted.count


class _Counted:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _write_csv(path: Path, columns: Sequence[ListColumn], rows: Rows, language: Language) -> None:
    """UTF-8 with a byte order mark, without which Excel takes Chinese for something else; every text in quotes."""
    batches = _cells(columns, rows, language, is_text=True)
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        for batch in chain([[_headings(columns, language)]], batches):
            text = io.StringIO(newline="")  # a batch is encoded at once: row by row takes as long as all else
            _csv_writer(text).writerows(batch)
            file.write(text.getvalue().encode())


def _csv_writer(file: TextIO) -> Any:
    # In quotes, for a spreadsheet that separates by ; would find cells of its own in a text otherwise.
    return csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")


def _write_xlsx(path: Path, columns: Sequence[ListColumn], rows: Rows, language: Language) -> None:
    """One sheet, headings frozen; row by row, so that memory does not grow with the list."""
    try:
        from openpyxl import Workbook
        from openpyxl.utils import get_column_letter
    except ImportError:
        raise UsageError("XLSX needs openpyxl: pip install 'maidian[xlsx]', or choose --format csv") from None
    book = Workbook(write_only=True)
    sheet = book.create_sheet("list")
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = 60 if column.name in WIDE else 16
    sheet.append(_headings(columns, language))
    for number, row in enumerate(chain.from_iterable(_cells(columns, rows, language, is_text=False)), 1):
        if number > XLSX_ROWS:
            raise UsageError(f"a sheet holds {XLSX_ROWS:,} rows and the list has more; choose --format csv")
        sheet.append(row)
    book.properties.created = EPOCH
    made = io.BytesIO()
    book.save(made)
    _write_timeless(made, path)


WIDE = ("reason", "removed_because")


def _write_timeless(made: io.BytesIO, path: Path) -> None:
    """The workbook's parts in an archive without the time of its making."""
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w") as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _without_modified(content)
            part = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            target.writestr(part, content)


def _without_modified(content: bytes) -> bytes:
    head, opening, rest = content.partition(b"<dcterms:modified")
    _, closing, tail = rest.partition(b"</dcterms:modified>")
    assert opening
    assert closing
    return head + tail


def _write_parquet(path: Path, columns: Sequence[ListColumn], rows: Rows, _language: Language) -> None:
    schema = pa.schema([(column.name, column.type) for column in columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows, PARQUET_ROWS):
            arrays = [
                pa.array(values, column.type) for values, column in zip(zip(*batch, strict=True), columns, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=schema))


def _write_ndjson(path: Path, columns: Sequence[ListColumn], rows: Rows, _language: Language) -> None:
    names = [column.name for column in columns]
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(dict(zip(names, row, strict=True))) + b"\n")


def _batches(rows: Rows, size: int) -> Iterator[list[Sequence[Any]]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def _headings(columns: Sequence[ListColumn], language: Language) -> list[str]:
    return [column.zh if language == "zh" else column.en for column in columns]


def _cells(
    columns: Sequence[ListColumn], rows: Rows, language: Language, *, is_text: bool
) -> Iterator[Iterable[Sequence[Any]]]:
    """The rows for a person's sheet, in batches; of each different value of a column the cell is made once."""
    made = [
        None if _is_plain(column) else Remembered(partial(_named_cell, column.name, language, is_text=is_text))
        for column in columns
    ]
    for batch in _batches(rows, CELL_ROWS):
        cells = [
            values if remembered is None else list(map(remembered.__getitem__, values))
            for remembered, values in zip(made, zip(*batch, strict=True), strict=True)
        ]
        yield zip(*cells, strict=True)


def _is_plain(column: ListColumn) -> bool:
    """Whether its values stand in a sheet as they are."""
    return bool(pa.types.is_integer(column.type) or pa.types.is_floating(column.type))


def _named_cell(name: str, language: Language, value: Any, *, is_text: bool) -> Any:
    """A cell of the column of that name: words of closed sets in the reader's language."""
    if language == "zh" and name in VALUES and value in VALUES[name]:
        return VALUES[name][value]
    return _cell(value, language, is_text=is_text)


def _cell(value: Any, language: Language, *, is_text: bool) -> Any:
    """A value for a person's sheet; `is_text` when a cell holds nothing but text and plain numbers."""
    if isinstance(value, str):
        return without_formula(without_control(value))
    if isinstance(value, bool):
        return YES_NO[language][not value]
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, date) and is_text:
        return value.isoformat()
    if value is None and is_text:
        return ""
    return value


def _number(value: Decimal) -> Decimal:
    """Money with its digits, without zeros behind the second."""
    cents = value.quantize(Decimal("0.01"))
    return cents if cents == value else value


WRITERS: dict[Format, Callable[[Path, Sequence[ListColumn], Rows, Language], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "parquet": _write_parquet,
    "ndjson": _write_ndjson,
}
