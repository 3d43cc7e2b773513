"""Tables of plain text on stdout. What fits is laid out here, as Rich prints it and in a fraction of its time."""

import shutil
import sys

import click
from rich.cells import cell_len
from rich.table import Table

PLAIN_WIDTH = 200  # without a terminal there is no width to keep to
GAP = "  "


def new_table(headings: tuple[str, ...], numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines, its numbers to the right."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left", no_wrap=True)
    return table


def print_table(table: Table) -> None:
    """Print a table on stdout, whole where there is no terminal to fit into."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_WIDTH
    lines = aligned_lines(table, width)
    if lines is None:
        from rich.console import Console  # with it comes most of Rich

        Console(highlight=False, markup=False, emoji=False, width=width).print(table)
        return
    headings, *rows = lines
    click.echo("\n".join([click.style(headings, bold=True), *rows]))


def aligned_lines(table: Table, width: int) -> list[str] | None:
    """The headings and the rows of a table without lines; None when it is for Rich to make it fit, or plain.

    Rich lays each cell out twice, which took a lookup as long as its answer.
    """
    columns = [[column.header, *column.cells] for column in table.columns]
    if not all(isinstance(cell, str) and cell.isprintable() for column in columns for cell in column):
        return None
    padded = [_padded([str(cell) for cell in column], table.columns[at].justify) for at, column in enumerate(columns)]
    lines = [GAP.join(cells) for cells in zip(*padded, strict=True)]
    return lines if lines and cell_len(lines[0]) <= width else None


def _padded(cells: list[str], justify: str) -> list[str]:
    widest = max(cell_len(cell) for cell in cells)
    if justify == "right":
        cells = [cell.rstrip() for cell in cells]
        return [" " * (widest - cell_len(cell)) + cell for cell in cells]
    return [cell + " " * (widest - cell_len(cell)) for cell in cells]
