"""The little Markdown our pages need."""

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Generated from the declarations in schemas/ by `python -m schemas.generate`; do not edit. -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def page(*sections: str) -> str:
    """Sections with a blank line between them, and the note that nobody wrote this by hand."""
    return "\n\n".join([sections[0], GENERATED, *(section.strip() for section in sections[1:])]) + "\n"


def code(names: Iterable[str]) -> str:
    """Names as code, with commas between."""
    return ", ".join(f"`{name}`" for name in names)
