"""What every reader hands out: some rows of the file, in order, with their numbers, and the rows that are none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from pipelines.imports.values import Column, Value

Row = Any
"""A list or tuple of values (CSV, XLSX, Parquet) or a dict (NDJSON); only its own reader looks inside."""

ROW_NUMBER, ITEM_NUMBER = "row_number", "item_number"
"""Columns every file has: the row's place in the file, and an item's place in the list that was exploded, from 1."""


class RefusedRow(NamedTuple):
    """A row that became nothing, why, and what it held."""

    number: int
    reason: str
    values: Value


class RowReader(Protocol):
    """An open file of some format."""

    column_names: list[str] | None
    """The columns of the file; None when every row may have its own."""

    is_text: bool
    """Whether every value is a text or None."""

    def batches(self) -> Iterator["Batch"]:
        """The rows of the file, in order, each once."""
        ...

    def column(self, batch: "Batch", name: str) -> Column:
        """One column of a batch; None where a row has no value."""
        ...

    def shown(self, row: Row) -> Value:
        """The row as a person wants to see it when it is refused: names and values."""
        ...

    def identity(self, row: Row) -> bytes:
        """Bytes that are equal for equal rows only."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@runtime_checkable
class NestedRowReader(RowReader, Protocol):
    """An open file of a format whose values may be lists and objects."""

    def item_row(self, row: Row, column: str, item: Value) -> Row:
        """The row with one item of the list in `column` in place of the list."""
        ...


@dataclass
class Batch:
    """Rows of one reader. `blank_count` and `refused` are what lay between them; no row is in two of the three."""

    reader: RowReader
    rows: list[Row]
    numbers: Sequence[int]
    item_numbers: Sequence[int] | None = None
    refused: list[RefusedRow] = field(default_factory=list)
    blank_count: int = 0
    _columns: dict[str, Column] = field(default_factory=dict)
    _cells: list[tuple[Value, ...]] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> Column:
        """One column, taken from the rows once."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self._take_column(name)
        return found

    def cells(self, place: int) -> tuple[Value, ...]:
        """One column of rows that are sequences. All are turned at once, which costs little more than taking one."""
        if self._cells is None:
            self._cells = list(zip(*self.rows, strict=True))
        return self._cells[place] if self._cells else ()

    def take(self, indexes: Iterable[int]) -> "Batch":
        """Some of the rows, in the order given."""
        chosen = list(indexes)
        numbers, items = self.numbers, self.item_numbers
        return Batch(
            reader=self.reader,
            rows=[self.rows[index] for index in chosen],
            numbers=[numbers[index] for index in chosen],
            item_numbers=None if items is None else [items[index] for index in chosen],
        )

    def _take_column(self, name: str) -> Column:
        names = self.reader.column_names
        if name == ROW_NUMBER and (names is None or name not in names):
            return self._own_numbers(self.numbers)
        if name == ITEM_NUMBER and self.item_numbers is not None:
            return self._own_numbers(self.item_numbers)
        return self.reader.column(self, name)

    def _own_numbers(self, numbers: Sequence[int]) -> Column:
        return list(map(str, numbers)) if self.reader.is_text else list(numbers)


def with_nulls(cells: Sequence[Value], nulls: frozenset[str]) -> Column:
    """The cells with None in place of each text that means no value."""
    if any(null in cells for null in nulls):
        return [None if cell.__class__ is str and cell in nulls else cell for cell in cells]
    return cells
