"""One row for every item of a nested list, as in a session that holds its events."""

from collections.abc import Iterator

from pipelines.imports.readers.batch import Batch, NestedRowReader, RefusedRow, Row, RowReader
from schemas.errors import UsageError

EMPTY_LIST_RULE = "empty list"
"""What a row counts under when the list it should be exploded by is missing or empty."""


def check_can_explode(reader: RowReader, column: str) -> None:
    """Refuse a mapping that explodes a format whose cells hold no lists."""
    if not isinstance(reader, NestedRowReader):
        raise UsageError(
            f"[input] explode = {column!r} works on NDJSON and Parquet; the cells of this file hold no lists"
        )


def explode(batches: Iterator[Batch], column: str) -> Iterator[tuple[Batch, int]]:
    """The batches with one row an item, each with the number of rows whose list was missing or empty.

    An item's row keeps the number of the row it came from; its place in the list is its item number.
    """
    for batch in batches:
        reader = batch.reader
        assert isinstance(reader, NestedRowReader)
        rows: list[Row] = []
        numbers: list[int] = []
        items: list[int] = []
        refused = list(batch.refused)
        empty_count = 0
        for row, number, nested in zip(batch.rows, batch.numbers, batch.column(column), strict=True):
            if nested is None or nested == []:
                empty_count += 1
            elif not isinstance(nested, list):
                refused.append(RefusedRow(number, f"{column} is not a list", reader.shown(row)))
            else:
                rows += [reader.item_row(row, column, item) for item in nested]
                numbers += [number] * len(nested)
                items += range(1, len(nested) + 1)
        yield (
            Batch(reader, rows, numbers, items, sorted(refused, key=lambda row: row.number), batch.blank_count),
            empty_count,
        )
