"""Tables on the terminal."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from maidian.text_table import PLAIN_WIDTH, aligned_lines, new_table, print_table

CELLS = st.text("a1, –é阿莫　ｱ[/]:\n\t", max_size=8)


def by_rich(headings: tuple[str, ...], rows: list[tuple[str, ...]], width: int) -> str:
    console = Console(file=io.StringIO(), highlight=False, markup=False, emoji=False, width=width)
    table = new_table(headings, headings[:1])
    for row in rows:
        table.add_row(*row)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.integers(12, 60))
def test_lines_are_those_of_rich(rows: list[tuple[str, ...]], width: int) -> None:
    headings, *cells = rows
    table = new_table(headings, headings[:1])
    for row in cells:
        table.add_row(*row)
    lines = aligned_lines(table, width)
    if lines is None:
        is_plain = all(cell.isprintable() for row in rows for cell in row)
        assert not is_plain or cell_len(by_rich(headings, cells, PLAIN_WIDTH).split("\n")[0]) > width
    else:
        assert "".join(f"{line}\n" for line in lines) == by_rich(headings, cells, width)


def test_what_a_shop_calls_things_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets and colons are no markup."""
    for name in ("[otc] 感冒灵 :pill:", "[otc]\n感冒灵 :pill:"):
        table = new_table(("name",))
        table.add_row(name)
        print_table(table)
        shown = capsys.readouterr().out
        assert "[otc]" in shown
        assert "感冒灵 :pill:" in shown
