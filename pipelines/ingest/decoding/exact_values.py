"""The exact path: what each kind of field may hold, why a value does not fit, and what it is in the lake."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.ingest.decoding.exact_json import Json, Number
from pipelines.ingest.decoding.field_rules import FieldRule, line_rules
from pipelines.ingest.decoding.instants import read_instant
from pipelines.ingest.decoding.money import read_money
from pipelines.ingest.decoding.reject import quote
from schemas.events.contract import MONEY_PRECISION, MONEY_SCALE, MONEY_TEXT

_MONEY = re.compile(MONEY_TEXT)
_MAX_INTEGER_DIGITS = 18  # more than any bound of the contract has; int() of a long text is slow, and limited


# What a kind of value is, and how a person would say it.
TYPES: dict[str, tuple[Callable[[Json], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "choice": (lambda value: isinstance(value, str), "a text"),
    "integer": (lambda value: isinstance(value, Number) and value.is_integer, "a whole number"),
    "number": (lambda value: isinstance(value, Number), "a number"),
    "money": (
        lambda value: isinstance(value, Number) or (isinstance(value, str) and bool(_MONEY.fullmatch(value))),
        "a number, or a text that is written as one",
    ),
    "instant": (lambda value: isinstance(value, str), "a text with a time in RFC 3339"),
    "json": (lambda value: isinstance(value, dict), "an object"),
    "texts": (lambda value: isinstance(value, list), "a list of texts"),
    "lines": (lambda value: isinstance(value, list), "a list of order lines"),
    "line": (lambda value: isinstance(value, dict), "an object"),
}


def describe(value: Json) -> str:
    """A value as a reason names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {quote(value)}"
        case Number():
            return f"the number {quote(value.text)[1:-1]}"
        case list():
            return "a list"
        case dict():
            return "an object"


def _text_fault(rule: FieldRule, value: Any) -> str | None:
    length = len(unicodedata.normalize("NFC", value))
    if rule.smallest is not None and length < rule.smallest:
        return f"has {length} characters; it needs at least {rule.smallest}"
    if rule.largest is not None and length > rule.largest:
        return f"has {length} characters; it may have at most {rule.largest}"
    return None


def _choice_fault(rule: FieldRule, value: Any) -> str | None:
    return None if value in rule.choices else f"is {quote(value)}; it must be one of {', '.join(rule.choices)}"


def _integer_fault(rule: FieldRule, value: Any) -> str | None:
    is_long = len(value.text.lstrip("-")) > _MAX_INTEGER_DIGITS
    return _bound_fault(rule, value, None if is_long else int(value.text))


def _number_fault(rule: FieldRule, value: Any) -> str | None:
    number = float(value.text)
    return _bound_fault(rule, value, None if number in (float("inf"), float("-inf")) else number)


def _bound_fault(rule: FieldRule, value: Number, number: float | None) -> str | None:
    """`number` is None when it is too large to be held."""
    if number is None:
        return f"is {describe(value)}, which is too large"
    if rule.smallest is not None and number < rule.smallest:
        return f"is {describe(value)}; it must be at least {rule.smallest}"
    if rule.largest is not None and number > rule.largest:
        return f"is {describe(value)}; it must be at most {rule.largest}"
    return None


def _money_fault(_rule: FieldRule, value: Any) -> str | None:
    if read_money(_money_text(value)) is not None:
        return None
    digits = MONEY_PRECISION - MONEY_SCALE
    return f"is {describe(value)}; it may have {digits} digits before the point and {MONEY_SCALE} after it"


def _money_text(value: Any) -> str:
    return value.text if isinstance(value, Number) else str(value)


# Why a value of the right type does not fit; None when it does. What is not here always fits.
FAULTS: dict[str, Callable[[FieldRule, Any], str | None]] = {
    "text": _text_fault,
    "choice": _choice_fault,
    "integer": _integer_fault,
    "number": _number_fault,
    "money": _money_fault,
}


def _text(value: Any) -> str:
    return unicodedata.normalize("NFC", value)


# A value that fits, as it is kept.
VALUES: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "choice": _text,
    "integer": lambda value: int(value.text),
    "number": lambda value: float(value.text) + 0.0,  # -0.0 becomes 0.0: one zero, whoever reads it
    "money": lambda value: read_money(_money_text(value)),
    "instant": read_instant,
    "json": lambda _value: None,  # its text is kept, not its value
    "texts": lambda value: [_text(each) for each in value],
    "lines": lambda value: [_line(each) for each in value],
}


def _line(line: Mapping[str, Json]) -> dict[str, Any]:
    return {
        rule.name: None if line.get(rule.name) is None else VALUES[rule.kind](line[rule.name]) for rule in line_rules()
    }
