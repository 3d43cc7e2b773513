"""What the contract demands of each field, in a form that decoding can walk: derived from its Structs, never listed.

The order is the contract's: what every event carries first, then the type's own fields as they are written.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from msgspec import NODEFAULT, Struct, inspect

from schemas.events.columns import struct_fields
from schemas.events.contract import AT_LEAST_ONE, EVENT_TYPES, OrderLine

Kind = Literal["text", "choice", "integer", "number", "money", "instant", "json", "texts", "lines"]


@dataclass(frozen=True)
class FieldRule:
    """One field of one event type, or of an order line.

    `smallest` and `largest` bound the length of a text in code points and the value of a number. `alternatives` are
    the other fields of which one suffices. `default` stands in for a field that is absent.
    """

    name: str
    kind: Kind
    is_required: bool
    smallest: int | None = None
    largest: int | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    alternatives: tuple[str, ...] = ()


@cache
def event_rules(event_type: str) -> tuple[FieldRule, ...]:
    """The fields of one event type but `event_type` itself, in the contract's order."""
    struct = EVENT_TYPES[event_type]
    one_of: dict[str, tuple[str, ...]] = {
        names[0]: names[1:] for owner, names in AT_LEAST_ONE.items() if issubclass(struct, owner)
    }
    return _rules(struct, one_of)


@cache
def line_rules() -> tuple[FieldRule, ...]:
    """The fields of an order line."""
    return _rules(OrderLine, {})


def _rules(struct: type[Struct], one_of: dict[str, tuple[str, ...]]) -> tuple[FieldRule, ...]:
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    by_name = {field.name: field for field in described.fields}
    return tuple(_rule(by_name[name], one_of.get(name, ())) for name in struct_fields(struct))


def _rule(field: inspect.Field, alternatives: tuple[str, ...]) -> FieldRule:
    columns: set[str] = set()
    kind, bounds = _kind(_innermost(field.type, columns))
    if "instant" in columns:
        kind, bounds = "instant", {}
    if "money" in columns:
        kind, bounds = "money", {}
    default = None if field.default is NODEFAULT else field.default
    return FieldRule(field.name, kind, field.required, default=default, alternatives=alternatives, **bounds)


def _innermost(described: inspect.Type, columns: set[str]) -> inspect.Type:
    """The type below annotations and `| None`; `columns` gets the column types noted on the way."""
    match described:
        case inspect.Metadata(type=inner, extra=extra):
            columns.add((extra or {}).get("column", ""))
            return _innermost(inner, columns)
        case inspect.UnionType(types=members):
            present = [_innermost(each, columns) for each in members if not isinstance(each, inspect.NoneType)]
            return present[0]  # more than one stands only in money, which its column tells
    return described


def _kind(described: inspect.Type) -> tuple[Kind, dict[str, Any]]:
    match described:
        case inspect.StrType(min_length=smallest, max_length=largest):
            return "text", {"smallest": smallest, "largest": largest}
        case inspect.LiteralType(values=values):
            return "choice", {"choices": tuple(str(value) for value in values)}
        case inspect.IntType(ge=smallest, le=largest):
            return "integer", {"smallest": smallest, "largest": largest}
        case inspect.FloatType(ge=smallest, le=largest):
            return "number", {"smallest": smallest, "largest": largest}
        case inspect.RawType():
            return "json", {}
        case inspect.ListType(item_type=inspect.StructType()):
            return "lines", {}
        case inspect.ListType(item_type=item):
            kind, bounds = _kind(_innermost(item, set()))
            assert kind == "text", "the contract has lists of texts and of order lines only"
            return "texts", bounds
    raise TypeError(f"no rule for {described!r}")
