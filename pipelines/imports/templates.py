"""Texts with columns in braces: `invoice-{InvoiceNo}` is made anew for every row, `erp` is the same for all."""

import re
from collections.abc import Callable

from pipelines.imports.readers.batch import Batch
from pipelines.imports.values import Column, as_text
from schemas.errors import UsageError

_PIECE = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<stray>[{}])|(?P<text>[^{}]+)")


def parse_template(text: str, where: str) -> tuple[list[str], list[str]]:
    """The fixed texts and the columns between them; there is one text more than columns. `{{` stands for a brace."""
    texts, columns = [""], []
    for piece in _PIECE.finditer(text):
        if piece["stray"]:
            raise UsageError(f"{where}: {text!r} has a stray brace; write {{{{ or }}}} for a brace itself")
        if piece["column"]:
            columns.append(piece["column"])
            texts.append("")
        else:
            texts[-1] += piece["text"] or piece["brace"][0]
    return texts, columns


def column_maker(texts: list[str], columns: list[str]) -> Callable[[Batch], Column]:
    """A function from a batch to the template's texts; None where one of its columns has no value.

    A template that is one column and nothing else hands the values on as they are: a number stays a number.
    """
    if len(columns) == 1:
        (name,), (before, after) = columns, texts
        if not before and not after:
            return lambda batch: batch.column(name)
        return lambda batch: [
            None if value is None else f"{before}{value if value.__class__ is str else as_text(value)}{after}"
            for value in batch.column(name)
        ]
    first, rest = texts[0], texts[1:]

    def fill(batch: Batch) -> Column:
        return [
            None
            if None in values
            else first + "".join([as_text(v) + text for v, text in zip(values, rest, strict=True)])
            for values in zip(*(batch.column(name) for name in columns), strict=True)
        ]

    return fill
