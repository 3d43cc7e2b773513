"""The contract's Structs as they arrive: what msgspec proves of a line without reading times and money.

Differences to the contract: every optional field may be null, a default is not filled in (so that the fields of a
line can be counted), money and properties stay bytes, times stay texts. Derived, so that nothing is listed twice.
"""

from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import Meta, Raw, Struct

from pipelines.ingest.decoding.field_rules import FieldRule, event_rules, line_rules
from schemas.events.contract import EVENT_TYPES


def _type(rule: FieldRule) -> Any:
    match rule.kind:
        case "text":
            return Annotated[str, Meta(min_length=rule.smallest, max_length=rule.largest)]
        case "texts":
            return list[Annotated[str, Meta(min_length=rule.smallest, max_length=rule.largest)]]
        case "choice":
            return Literal[rule.choices]
        case "integer":
            return Annotated[int, Meta(ge=rule.smallest, le=rule.largest)]
        case "number":
            return Annotated[float, Meta(ge=rule.smallest, le=rule.largest)]
        case "instant":
            return str
        case "lines":
            return list[WireLine]  # type: ignore[valid-type]
        case "money" | "json":
            return Raw


def _field(rule: FieldRule) -> tuple[str, Any] | tuple[str, Any, None]:
    if rule.is_required:
        return rule.name, _type(rule)
    # Raw takes null as it takes everything, and cannot stand in a union.
    return rule.name, _type(rule) if rule.kind in ("money", "json") else _type(rule) | None, None


def _struct(name: str, rules: tuple[FieldRule, ...], *, is_strict: bool = True, **config: Any) -> type[Struct]:
    # gc=False: lists of texts make no cycles, and the collector need not look at a million of these.
    fields = [_field(rule) for rule in rules]
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=is_strict, gc=False, **config)


def _event_structs(*, is_strict: bool) -> dict[type[Struct], str]:
    return {
        _struct(f"Wire_{name}", event_rules(name), is_strict=is_strict, tag_field="event_type", tag=name): name
        for name in EVENT_TYPES
    }


WireLine = _struct("WireLine", line_rules())
_STRICT, _LENIENT = _event_structs(is_strict=True), _event_structs(is_strict=False)
WIRE_TYPES = _STRICT | _LENIENT
"""The Structs of the event types, and the type's name."""

DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(_STRICT)])  # noqa: UP007
"""Reads one line into one of the Structs. Threads may share it."""

LENIENT_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(_LENIENT)])  # noqa: UP007
"""Reads a line that has fields of no Struct too, and leaves those out."""
