"""An answer as tables on a terminal, or as one JSON document."""

from typing import Any

import click
import msgspec
from rich.table import Table

from maidian.lookup.look_up import Answer
from maidian.options import Language
from maidian.reading.cell_text import cell_text, is_number
from maidian.reading.section import Section
from maidian.text_table import new_table, print_table

NOTHING: dict[Language, str] = {"en": "nothing", "zh": "无"}


def print_answer(answer: Answer, language: Language) -> None:
    """A heading and a table for each section, in the order they are asked."""
    day = {"en": "as of", "zh": "截止"}[language]
    for number, (section, rows) in enumerate(answer.parts):
        title = section.title(language)
        click.echo(("" if number == 0 else "\n") + title + (f" · {day} {answer.as_of}" if number == 0 else ""))
        if not rows:
            click.echo(f"  {NOTHING[language]}")
        elif section.is_card:
            print_table(_card(section, rows[0], language))
        else:
            print_table(_table(section, rows, language))


def answer_json(kind: str, answer: Answer) -> bytes:
    """All of it; money as text with its digits, instants with their offset."""
    parts = {
        section.name: [dict(zip(section.headings, row, strict=True)) for row in rows] for section, rows in answer.parts
    }
    return msgspec.json.encode({"kind": kind, "value": answer.value, "as_of": answer.as_of, **parts})


def _card(section: Section, row: tuple[Any, ...], language: Language) -> Table:
    table = new_table(("", ""), ())
    for name, value in zip(section.headings, row, strict=True):
        table.add_row(section.heading(name, language), cell_text(name, value, language))
    return table


def _table(section: Section, rows: list[tuple[Any, ...]], language: Language) -> Table:
    headings = [section.heading(name, language) for name in section.headings]
    numbers = [heading for index, heading in enumerate(headings) if any(is_number(row[index]) for row in rows)]
    table = new_table(tuple(headings), tuple(numbers))
    for row in rows:
        table.add_row(*(cell_text(name, value, language) for name, value in zip(section.headings, row, strict=True)))
    return table
