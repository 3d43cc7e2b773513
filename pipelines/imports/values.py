"""Values on their way from a file to an event: text of any value, and what stands where a value could not be made."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

Value = Any
"""What a reader hands out: None, str, int, float, Decimal, bool, datetime, date, list or dict."""

Column = Sequence[Value]
"""One value a row; never changed in place, for it may be the reader's own."""

MEMO_LIMIT = 1 << 15
MEMO_CHARACTERS = 128
"""Distinct texts remembered for one step, and the longest: memory stays flat whatever the column holds."""

SHOWN_CHARACTERS = 60
"""Of a value in a message: a line must stay a line."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Stands in a column for a value that could not be made; the row is refused for this reason."""

    reason: str

    were_made: ClassVar[bool] = False
    """Whether there ever was one in this process. While there was none, no column need be searched for them."""

    def __post_init__(self) -> None:
        Refusal.were_made = True

    @classmethod
    def is_in(cls, column: Column) -> bool:
        """Whether any row of the column is refused."""
        return cls.were_made and cls in set(map(type, column))


class _Memo(dict[str | None, Value]):
    """Results of a pure function by its text: most columns repeat a few values many times."""

    def __init__(self, function: Callable[[Value], Value]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, text: str | None) -> Value:
        result = self.function(text)
        if text is None or len(text) <= MEMO_CHARACTERS:
            self[text] = result
        return result


ApplyToColumn = Callable[[Column, bool], Column]


def each(function: Callable[[Value], Value]) -> ApplyToColumn:
    """Apply a pure function to every value of a column; None and refusals pass through untouched.

    The second argument says that the column holds texts and None only, which is faster.
    """
    memo = _Memo(function)
    memo[None] = None

    def apply(values: Column, is_text: bool) -> Column:
        if len(memo) > MEMO_LIMIT:
            memo.clear()
            memo[None] = None
        if is_text:
            return list(map(memo.__getitem__, values))
        # Only texts are remembered: 1, 1.0 and True are one key to a dict.
        return [
            memo[value]
            if value.__class__ is str
            else value
            if value is None or value.__class__ is Refusal
            else function(value)
            for value in values
        ]

    return apply


def as_text(value: Value) -> str:
    """The text of a value: numbers exactly as they are written, binary floats by their shortest text."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case dt.datetime() | dt.date():
            return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value.isoformat()
        case bytes():
            return value.decode("utf-8", "backslashreplace")
    return str(value)


def as_decimal(value: Value) -> Decimal | None:
    """The number a value is, exactly; None when it is none. Binary floats count as their shortest text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    text = value.strip() if isinstance(value, str) else repr(value)
    if not _is_plain_number(text):
        return None
    return Decimal(text)


def shorten(value: Value) -> str:
    """A value quoted for a message, cut to a length a line can hold."""
    text = as_text(value)
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "...")


def _is_plain_number(text: str) -> bool:
    """Digits with a point and an exponent at most: not `1_000`, `NaN`, or digits of other scripts."""
    if not text.isascii() or "_" in text or "n" in text.lower():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
