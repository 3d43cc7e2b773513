"""Columns of the contract: every field of every event type as one wide set of Arrow columns.

Source: `contract.py`. The order is the contract's: what every event carries first, then the types in turn.
"""

from dataclasses import dataclass, replace
from functools import cache
from inspect import get_annotations
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import inspect

from schemas.events.contract import EVENT_TYPES, MONEY_PRECISION, MONEY_SCALE, Event, OrderLine

INSTANT = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(MONEY_PRECISION, MONEY_SCALE)


@dataclass(frozen=True)
class Field:
    """One field of the contract. `column` is `instant`, `money`, `json` or empty where `type` tells enough."""

    name: str
    type: pa.DataType
    column: str
    en: str
    zh: str
    unit: str | None
    is_required: bool
    event_types: tuple[str, ...]


@cache
def contract_fields() -> tuple[Field, ...]:
    """Every field but `event_type`, once, with the event types that carry it."""
    carried: dict[str, list[str]] = {}
    found: dict[str, Field] = {}
    common = set(struct_fields(Event))
    for name, field in struct_fields(Event).items():
        found[name] = field
        carried[name] = list(EVENT_TYPES)
    for event_type, struct in EVENT_TYPES.items():
        for name, field in struct_fields(struct).items():
            if name in common:
                continue
            if name in found and found[name].type != field.type:
                raise TypeError(f"{event_type}.{name} has another type than the same field of {carried[name][0]}")
            found.setdefault(name, field)
            carried.setdefault(name, []).append(event_type)
    return tuple(replace(field, event_types=tuple(carried[name])) for name, field in found.items())


@cache
def order_line_fields() -> tuple[Field, ...]:
    """The fields of one order line."""
    return tuple(struct_fields(OrderLine).values())


def struct_fields(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """The fields of a Struct in the order they are written, its ancestors' first."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    by_name = {field.name: field for field in info.fields}
    written = [name for owner in reversed(struct.__mro__) for name in get_annotations(owner)]
    return {name: _field(by_name[name]) for name in dict.fromkeys(written) if name in by_name}


def _field(field: inspect.Field) -> Field:
    described = field.type
    extra: dict[str, Any] = {}
    description = ""
    if isinstance(described, inspect.Metadata):
        extra = dict(described.extra or {})
        description = (described.extra_json_schema or {}).get("description", "")
        described = described.type
    arrow, column = _arrow(described)
    column = extra.get("column", column)
    if column == "instant":  # msgspec folds the inner annotation into the outer one
        arrow = INSTANT
    return Field(field.name, arrow, column, description, extra.get("zh", ""), extra.get("unit"), field.required, ())


def _arrow(described: inspect.Type) -> tuple[pa.DataType, str]:
    """The Arrow type of a msgspec type, and what kind of column it is."""
    match described:
        case inspect.Metadata(type=inner, extra=extra):
            column = (extra or {}).get("column", "")
            if column == "money":
                return MONEY, column
            if column == "instant":
                return INSTANT, column
            return _arrow(inner)
        case inspect.UnionType(types=members):
            present = [member for member in members if not isinstance(member, inspect.NoneType)]
            if len(present) > 1:  # the one union in the contract: a number or its text
                return MONEY, "money"
            return _arrow(present[0])
        case inspect.ListType(item_type=item):
            return pa.list_(_arrow(item)[0]), ""
        case inspect.StructType(cls=cls):
            return pa.struct([pa.field(f.name, f.type) for f in struct_fields(cls).values()]), ""
        case inspect.IntType():
            return pa.int64(), ""
        case inspect.FloatType():
            return pa.float64(), ""
        case inspect.StrType() | inspect.LiteralType() | inspect.RawType():
            return pa.string(), ""
    raise TypeError(f"no column type for {described!r}")
