"""The CSV reader against the csv module, line by line: same records, wherever blocks of the file begin and end."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.imports.input_file import UnpackedFile, find_input
from pipelines.imports.mapping import InputFile
from pipelines.imports.readers.csv_rows import CsvReader
from schemas.errors import UsageError

HEADER = "a,b,c"
WIDTH = 3

# What breaks readers of CSV, and little else.
garbage = st.text(st.sampled_from('ab,"\n\r é\x0b\u2028'), max_size=60)
cells = st.text(st.sampled_from('ab," \n\r\té\u2028'), max_size=6)


class SmallBlocks(UnpackedFile):
    """A file that comes in pieces of a few bytes."""

    block_bytes = 1

    def blocks(self, size: int = 1) -> Iterator[bytes]:
        return super().blocks(self.block_bytes)


def read(folder: Path, content: bytes, block_bytes: int, settings: InputFile | None = None) -> list[tuple[int, object]]:
    """Every row by its number: its cells, or `refused` or `blank`."""
    path = folder / "input.csv"
    path.write_bytes(content)
    file = SmallBlocks(find_input(path))
    file.block_bytes = block_bytes
    reader = CsvReader(file, settings or InputFile(), ",")
    found: dict[int, object] = {}
    blank_count = row_count = 0
    for batch in reader.batches():
        own = [*zip(batch.numbers, batch.rows, strict=True), *((row.number, "refused") for row in batch.refused)]
        assert found.keys().isdisjoint(number for number, _ in own)
        found.update(own)
        blank_count += batch.blank_count
        row_count += len(batch) + len(batch.refused) + batch.blank_count
    reader.close()
    assert blank_count == row_count - len(found)
    return [(number, found.get(number, "blank")) for number in range(1, row_count + 1)]


def read_slowly(text: str) -> list[object]:
    """The records as the csv module has them; where one is none, its first line alone is given up."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    records: list[object] = []
    place = 1  # after the header
    while place < len(lines):
        left = iter([line + "\n" for line in lines[place:]])
        try:
            record = next(csv.reader(left, strict=True))
            taken = len(lines) - place - len(list(left))
        except csv.Error:
            records.append("refused")
            place += 1
            continue
        if len(record) != WIDTH and taken > 1:
            records.append("refused")
            place += 1
            continue
        is_blank = not record or (len(record) == 1 and not record[0].strip())
        records.append("blank" if is_blank else record if len(record) == WIDTH else "refused")
        place += taken
    return records


@given(garbage, st.integers(1, 70))
@example('x,"y\nz,1\n,2,3\n', 5)
@example('"\n"\n"\na,b,c', 1)
@example('a,b,"c\n', 70)
def test_any_text_gives_what_the_csv_module_gives(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int
) -> None:
    whole = f"{HEADER}\n{text}"
    found = read(tmp_path_factory.mktemp("csv"), whole.encode(), size)
    assert [row for _, row in found] == read_slowly(whole)


@given(
    st.lists(st.lists(cells, min_size=WIDTH, max_size=WIDTH), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_a_writer_of_csv_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], line_end: str, is_quoted: bool
) -> None:
    if not is_quoted:  # Python's writer leaves a lone carriage return without quotes, and it is read as a line end.
        rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    writer.writerows([HEADER.split(","), *rows])
    found = read(tmp_path_factory.mktemp("csv"), text.getvalue().encode(), 40)
    assert [row for _, row in found] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "utf-16-le"])
def test_text_is_decoded_across_blocks(tmp_path: Path, encoding: str) -> None:
    content = "a,b,c\n阿莫西林,2,3\n头孢,𠮷,6\n".encode(encoding)
    said = encoding if encoding in ("gb18030", "utf-16-le") else None
    found = read(tmp_path, content, 5, InputFile(encoding=said))
    assert [row for _, row in found] == [["阿莫西林", "2", "3"], ["头孢", "𠮷", "6"]]


def test_byte_that_is_not_the_encoding_is_found_wherever_the_blocks_lie(tmp_path: Path) -> None:
    content = "a,b,c\n阿莫,2,3\n".encode() + b"\xff,1,2\n"
    for size in range(1, len(content) + 1):
        with pytest.raises(UsageError, match=f"byte {content.index(0xFF)} is not utf-8"):
            read(tmp_path, content, size)


def test_file_without_line_ends_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.imports.readers.text_blocks.MAX_LINE_CHARACTERS", 100)
    with pytest.raises(UsageError, match="no line end within 100 characters; is it a text file"):
        read(tmp_path, b"a,b,c\n" + b"x" * 500, 10)


def test_columns_can_be_named_where_there_is_no_header(tmp_path: Path) -> None:
    found = read(tmp_path, b"title\n1,2,3\n4,5,6\n", 4, InputFile(columns=["x", "y", "z"], skip_lines=1))
    assert [row for _, row in found] == [["1", "2", "3"], ["4", "5", "6"]]


def test_single_column_has_no_ragged_rows_but_blank_ones(tmp_path: Path) -> None:
    assert read(tmp_path, b"a\n1\n\n2\n", 2) == [(1, ["1"]), (2, "blank"), (3, ["2"])]


def test_quote_may_be_an_ordinary_character(tmp_path: Path) -> None:
    assert read(tmp_path, b'a,b\n"1,2"\n', 2, InputFile(quote="")) == [(1, ['"1', '2"'])]
