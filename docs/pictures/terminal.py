"""Draws docs/pictures/lookup.svg and list.svg: what commands print about the demo's wholesaler.

    python docs/pictures/terminal.py demo/lake

`make pictures` makes the demo first. The list is exported for it, so the demo's log has one entry more.
"""

import csv
import html
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 122  # characters: what a page of a repository shows without making them small
SHOWN_CUSTOMERS, SHOWN_ROWS = 6, 7
CELL = 20 * 0.61  # what rich counts for one character, in the units of the picture

# Without the fonts that rich's own form fetches from elsewhere.
FORM = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def main(lake: str) -> None:
    """Draw both."""
    sku = answer(lake, "sql", "--format", "csv", "-c", BUSIEST).split()[-1]
    looked_up = answer(lake, "lookup", "sku", sku, "--limit", str(SHOWN_CUSTOMERS))
    draw("lookup", f"maidian lookup sku {sku}", Text(looked_up.rstrip()))
    with TemporaryDirectory() as folder:
        answer(lake, "export", "viewed_not_ordered", "--out", folder)
        (made,) = set(Path(folder).glob("*.csv")) - set(Path(folder).glob("*_removed.csv"))
        draw("list", "maidian export viewed_not_ordered", first_rows(made))


BUSIEST = "SELECT sku_id FROM sku_viewers WHERE as_of = (SELECT max(as_of) FROM sku_viewers) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"


def answer(lake: str, command: str, *arguments: str) -> str:
    """What a command prints."""
    line = [sys.executable, "-m", "maidian", command, "--lake", lake, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout  # noqa: S603 our own command


def first_rows(made: Path) -> Table:
    """The first companies of an exported list, with a few of its columns."""
    with made.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[:SHOWN_ROWS]
    columns = ("customer", "name", "product name", "views", "why it is listed")
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != "why it is listed")
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    return table


def draw(name: str, title: str, content: Text | Table) -> None:
    """Write the picture of what a terminal of that width shows."""
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(content, crop=True, no_wrap=isinstance(content, Text), overflow="ellipsis")
        console.print()  # room below the last line
        svg = console.export_svg(title=title, code_format=FORM, unique_id=name)
    (HERE / f"{name}.svg").write_text(TEXT.sub(in_cells, svg), encoding="utf-8")


TEXT = re.compile(r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)" textLength="[^"]*" clip-path="([^"]*)">(.*?)</text>')


def in_cells(found: re.Match[str]) -> str:
    """The text in pieces of narrow and of wide characters, each at its place: rich takes a wide one for narrow here."""
    style, x, y, clip, content = found.groups()
    pieces, at = [], float(x)
    for is_wide, characters in groupby(html.unescape(content), key=lambda character: cell_len(character) == WIDE):
        piece = "".join(characters)
        length = len(piece) * (WIDE if is_wide else 1) * CELL
        if piece.strip():
            shown = html.escape(piece).replace("\u00a0", "&#160;").replace(" ", "&#160;")
            place = f'x="{at:.1f}" y="{y}" textLength="{length:.1f}"'
            pieces.append(f'<text class="{style}" {place} clip-path="{clip}">{shown}</text>')
        at += length
    return "".join(pieces)


WIDE = 2


if __name__ == "__main__":
    main(*sys.argv[1:])
