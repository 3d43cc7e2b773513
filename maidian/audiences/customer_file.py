"""Files of customers that a person hands over: CSV with a header, one customer a line."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import UsageError

# The second and third stand over the column in a list that was exported.
KEY_NAMES = ("customer_id", "客户编号", "customer")


def read_customers(path: Path) -> frozenset[str]:
    """The customers of a file. UsageError when it cannot be read."""
    try:
        return frozenset(customer for _, customer, _ in customer_rows(path, None))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a CSV file of customers") from None


def customer_rows(path: Path, value_names: tuple[str, ...] | None) -> Iterator[tuple[int, str, str]]:
    """Line number, customer and value of each line of a CSV file with a header."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as CSV UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        key = _place(path, header, KEY_NAMES)
        value = None if value_names is None else _place(path, header, value_names)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= max(key, value or 0) or not row[key].strip():
                raise UsageError(f"{path}, line {reader.line_num}: there is no customer or value; mend the line")
            customer = unicodedata.normalize("NFC", row[key].strip())  # as in events, so that they meet
            yield reader.line_num, customer, "" if value is None else row[value].strip()
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: is not CSV ({error}); mend the line") from None


def _place(path: Path, header: list[str], names: tuple[str, ...]) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    found = ", ".join(map(repr, header)) or "nothing"
    raise UsageError(f"{path}: the first line holds {found}; it needs a column {' or '.join(names)}")
