"""The fields of the event contract as the import sees them: their names, and how a value becomes one.

Read from `schemas.events.contract`, so that a property added there can be mapped at once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from pipelines.imports.values import ApplyToColumn, Column, Refusal, Value, as_decimal, as_text, each, shorten
from schemas.events.contract import EVENT_TYPES, MONEY_PRECISION, MONEY_SCALE, MONEY_TEXT, Event, OrderLine

KindName = Literal["text", "choice", "integer", "number", "money", "time", "texts"]

MADE_ELSEWHERE = ("properties", "lines")
"""Fields of the contract that have a table of their own in a mapping."""


@dataclass(frozen=True)
class FieldKind:
    """One field of the contract: what kind of value it takes and within which limits."""

    name: str
    kind: KindName
    is_required: bool
    smallest: float | None = None
    largest: float | None = None
    choices: tuple[str, ...] = ()


@cache
def event_fields(event_type: str) -> dict[str, FieldKind]:
    """The fields a mapping may fill for one event type, by name."""
    return _fields_of(EVENT_TYPES[event_type])


@cache
def shared_fields() -> dict[str, FieldKind]:
    """The fields every event has."""
    return _fields_of(Event)


@cache
def line_fields() -> dict[str, FieldKind]:
    """The fields of one order line."""
    return _fields_of(OrderLine)


def converter(field: FieldKind) -> Callable[[Value], Value]:
    """A function from a value of a file to the field's value in the event, or a refusal that names the field."""
    convert = _CONVERTERS[field.kind]
    return lambda value: convert(field, value)


def column_converter(field: FieldKind) -> ApplyToColumn:
    """`converter` for a whole column. A column of texts that all fit is handed on as it is."""
    convert = each(converter(field))
    if field.kind != "text" or (field.smallest or 0) > 1:
        return convert
    largest = field.largest or float("inf")

    def convert_texts(values: Column, is_text: bool) -> Column:
        if is_text and "" not in values and max(map(len, filter(None, values)), default=0) <= largest:
            return values
        return convert(values, is_text)

    return convert_texts


def _fields_of(struct: type[msgspec.Struct]) -> dict[str, FieldKind]:
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    return {field.name: _kind_of(field) for field in described.fields if field.name not in MADE_ELSEWHERE}


def _kind_of(field: inspect.Field) -> FieldKind:
    columns: set[str] = set()
    kinds = [_simple_kind(each, columns) for each in _alternatives(field.type, columns)]
    kind, limits = kinds[0]
    if "instant" in columns:
        kind = "time"
    if "money" in columns:
        kind, limits = "money", {}
    return FieldKind(field.name, kind, field.required, **limits)


def _alternatives(described: inspect.Type, columns: set[str]) -> list[inspect.Type]:
    """The types a field may have, without None; `columns` gets the column types noted on the way."""
    match described:
        case inspect.Metadata(type=inner, extra=extra):
            columns.add((extra or {}).get("column", ""))
            return _alternatives(inner, columns)
        case inspect.UnionType(types=members):
            return [each for member in members for each in _alternatives(member, columns)]
        case inspect.NoneType():
            return []
    return [described]


def _simple_kind(described: inspect.Type, columns: set[str]) -> tuple[KindName, dict[str, Any]]:
    match described:
        case inspect.StrType(min_length=smallest, max_length=largest):
            return "text", {"smallest": smallest, "largest": largest}
        case inspect.LiteralType(values=values):
            return "choice", {"choices": tuple(str(value) for value in values)}
        case inspect.IntType(ge=smallest, le=largest):
            return "integer", {"smallest": smallest, "largest": largest}
        case inspect.FloatType(ge=smallest, le=largest):
            return "number", {"smallest": smallest, "largest": largest}
        case inspect.ListType(item_type=item):
            _, limits = _simple_kind(_alternatives(item, columns)[0], columns)
            return "texts", limits
    raise TypeError(f"no way to fill a field of type {described!r}")


def _to_text(field: FieldKind, value: Value) -> Value:
    if isinstance(value, list | dict):
        return Refusal(f"{field.name}: {shorten(value)} is not a text")
    text = as_text(value)
    if not text:
        return None
    if field.smallest is not None and len(text) < field.smallest:
        return Refusal(f"{field.name}: {shorten(text)} is shorter than {field.smallest} characters")
    if field.largest is not None and len(text) > field.largest:
        return Refusal(f"{field.name}: {shorten(text)} is longer than {field.largest} characters")
    return text


def _to_choice(field: FieldKind, value: Value) -> Value:
    text = as_text(value)
    return (
        text if text in field.choices else Refusal(f"{field.name}: {shorten(text)} is none of {_list(field.choices)}")
    )


def _to_integer(field: FieldKind, value: Value) -> Value:
    if isinstance(value, str):
        number = int(value) if _WHOLE.fullmatch(value.strip()) else None
    else:
        exact = as_decimal(value)
        # A spreadsheet and pandas write whole numbers as 6.0: nothing is lost. In a text file it may mean something.
        number = int(exact) if exact is not None and exact == exact.to_integral_value() else None
    if number is None:
        hint = "; integer = true would take off .0" if as_text(value).endswith(".0") else ""
        return Refusal(f"{field.name}: {shorten(value)} is not a whole number{hint}")
    return number if _is_within(field, number) else _out_of_range(field, value)


def _to_number(field: FieldKind, value: Value) -> Value:
    number = as_decimal(value)
    if number is None:
        return Refusal(f"{field.name}: {shorten(value)} is not a number")
    return number if _is_within(field, number) else _out_of_range(field, value)


def _to_money(field: FieldKind, value: Value) -> Value:
    """The number's own text, so that no cent is lost on the way through a binary float."""
    number = as_decimal(value)
    if number is None:
        return Refusal(f"{field.name}: {shorten(value)} is not an amount")
    text = as_text(value)
    if not _MONEY.fullmatch(text):
        text = format(number, "f")  # `.50`, `+5`, `007`, ` 5 `: the same number, written as JSON writes it.
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent > MONEY_SCALE:
        return Refusal(
            f"{field.name}: {shorten(value)} has more than {MONEY_SCALE} decimals; round = {MONEY_SCALE} would round it"
        )
    if number.adjusted() >= MONEY_PRECISION - MONEY_SCALE:
        return _out_of_range(field, value)
    return text


def _to_texts(field: FieldKind, value: Value) -> Value:
    if not isinstance(value, list):
        return Refusal(f'{field.name}: {shorten(value)} is not a list; split = "," would make one')
    texts = [_to_text(field, each) for each in value if each is not None]
    return next((text for text in texts if isinstance(text, Refusal)), [text for text in texts if text is not None])


def _unchanged(_field: FieldKind, value: Value) -> Value:
    return value


_CONVERTERS: dict[KindName, Callable[[FieldKind, Value], Value]] = {
    "text": _to_text,
    "choice": _to_choice,
    "integer": _to_integer,
    "number": _to_number,
    "money": _to_money,
    "time": _unchanged,  # times.py has made it what the contract wants
    "texts": _to_texts,
}
_MONEY = re.compile(MONEY_TEXT)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def _is_within(field: FieldKind, number: int | Decimal) -> bool:
    return (field.smallest is None or number >= field.smallest) and (field.largest is None or number <= field.largest)


def _out_of_range(field: FieldKind, value: Value) -> Refusal:
    return Refusal(f"{field.name}: {shorten(value)} is out of range")


def _list(choices: tuple[str, ...]) -> str:
    return ", ".join(choices)
