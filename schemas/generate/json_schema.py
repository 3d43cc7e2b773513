"""The JSON Schema (2020-12) of each event type, for clients that check an event before they send it.

Source: the Structs of the contract, the ones that judge each line. JSON Schema cannot say everything the contract
does: 5.0 for 5, a day that is not in the calendar, money finer than four decimals, a key that comes twice and an
event too far from now pass here and are refused by ingest.
"""

from typing import Any

import msgspec
from msgspec import inspect

from schemas.events.columns import Field, contract_fields, order_line_fields
from schemas.events.contract import (
    AT_LEAST_ONE,
    EVENT_TYPES,
    EVENT_TYPES_ZH,
    MONEY_PRECISION,
    MONEY_SCALE,
    STATUS_THAT_NEEDS_LINES,
    VERSION,
    Event,
    OrderLine,
)

Schema = dict[str, Any]

# The first money that no longer fits: fourteen digits before the point.
MONEY_BOUND = 10 ** (MONEY_PRECISION - MONEY_SCALE)


def event_schema(event_type: str) -> Schema:
    """The schema of one event type: self-contained, no references, fields in the order of the contract."""
    struct = EVENT_TYPES[event_type]
    fields = [field for field in contract_fields() if event_type in field.event_types]
    body = _object(struct, fields)
    body["properties"] = {"event_type": {"const": event_type}, **body["properties"]}
    body["required"] = ["event_type", *body["required"]]
    rules = [*_at_least_one(struct), *_lines_when_placed(fields)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:maidian:events:v{VERSION}:{event_type}",
        "$comment": "Generated from schemas/events/contract.py by `python -m schemas.generate`; do not edit.",
        "title": f"{event_type} {EVENT_TYPES_ZH[event_type]}",
        "description": first_sentences(struct),
        **body,
        "additionalProperties": True,
        "allOf": rules,
    }


def field_schema(field: inspect.Field) -> Schema:
    """What JSON Schema can say of one field, without its meaning."""
    schema = _schema(field.type) if field.required else _or_null(_schema(field.type))
    if field.default not in (None, msgspec.NODEFAULT):
        schema["default"] = field.default
    return schema


def judged_fields(struct: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    """The fields of a Struct by name, as msgspec judges them."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.name: field for field in info.fields}


def first_sentences(struct: type[msgspec.Struct]) -> str:
    """The docstring of a Struct on one line."""
    return " ".join((struct.__doc__ or "").split())


def _object(struct: type[msgspec.Struct], fields: list[Field]) -> Schema:
    by_name = judged_fields(struct)
    return {
        "type": "object",
        "required": [field.name for field in fields if by_name[field.name].required],
        "properties": {
            field.name: {"description": _description(field), **field_schema(by_name[field.name])} for field in fields
        },
    }


def _description(field: Field) -> str:
    unit = f" Unit: {field.unit}." if field.unit else ""
    exact = " A number or a decimal text, at most 14 digits before and 4 after the point." * (field.column == "money")
    return f"{field.en} ({field.zh}).{unit}{exact}"


def _schema(described: inspect.Type) -> Schema:
    match described:
        case inspect.Metadata(type=inner, extra_json_schema=said, extra=extra):
            schema = _schema(inner)
            if (extra or {}).get("column") == "money":
                schema |= {"exclusiveMinimum": -MONEY_BOUND, "exclusiveMaximum": MONEY_BOUND}
            return schema | {key: value for key, value in (said or {}).items() if key != "description"}
        case inspect.UnionType(types=members):
            return _union([_schema(member) for member in members])
        case inspect.StrType(min_length=shortest, max_length=longest, pattern=pattern):
            return _given(type="string", minLength=shortest, maxLength=longest, pattern=pattern)
        case inspect.IntType(ge=least, le=most):
            return _given(type="integer", minimum=least, maximum=most)
        case inspect.FloatType(ge=least, le=most):
            return _given(type="number", minimum=least, maximum=most)
        case inspect.LiteralType(values=values):
            return {"enum": list(values)}
        case inspect.ListType(item_type=item, min_length=shortest, max_length=longest):
            return _given(type="array", items=_schema(item), minItems=shortest, maxItems=longest)
        case inspect.StructType(cls=cls) if cls is OrderLine:
            return {**_object(OrderLine, list(order_line_fields())), "additionalProperties": True}
        case inspect.NoneType():
            return {"type": "null"}
        case inspect.RawType():
            return {}  # the declaration says in extra_json_schema what it holds
    raise TypeError(f"no JSON Schema for {described!r}")


def _union(members: list[Schema]) -> Schema:
    """One schema with a list of types: every keyword we use judges one JSON type and lets the others be."""
    types: list[str] = []
    merged: Schema = {}
    for member in members:
        types += member["type"] if isinstance(member["type"], list) else [member["type"]]
        merged |= {key: value for key, value in member.items() if key != "type"}
    if "number" in types:  # an integer is a number
        types = [name for name in types if name != "integer"]
    return {"type": types, **merged}


def _or_null(schema: Schema) -> Schema:
    """Null where a field may be left out is the same as leaving it out, also where it has a default."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return schema if "null" in types else {**schema, "type": [*types, "null"]}


def _given(**keywords: Any) -> Schema:
    return {key: value for key, value in keywords.items() if value is not None}


def _at_least_one(struct: type[Event]) -> list[Schema]:
    return [
        {"anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]}
        for owner, names in AT_LEAST_ONE.items()
        if issubclass(struct, owner)
    ]


def _lines_when_placed(fields: list[Field]) -> list[Schema]:
    if not {"status", "lines"} <= {field.name for field in fields}:
        return []
    return [
        {
            "if": {"required": ["status"], "properties": {"status": {"const": STATUS_THAT_NEEDS_LINES}}},
            "then": {"required": ["lines"], "properties": {"lines": {"type": "array", "minItems": 1}}},
        }
    ]
