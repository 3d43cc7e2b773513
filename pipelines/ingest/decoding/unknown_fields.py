"""What a client sends beyond the contract: kept in `properties` as the JSON it was, never lost."""

from collections.abc import Collection, Mapping
from functools import cache

import msgspec

from pipelines.ingest.decoding.field_rules import event_rules
from schemas.events.contract import EVENT_TYPES

Members = Mapping[str, msgspec.Raw]
"""An object's members: names, and values as their JSON text."""

_READ_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_WRITE_NAME = msgspec.json.Encoder().encode
_CLASH_PREFIX = "top_level."
_NULL = b"null"


def read_members(text: bytes) -> Members:
    """The members of an object; of a name that stands twice, the last. Raises msgspec's errors where it is none."""
    return _READ_MEMBERS(text)


def merge_unknown(members: Members, kept: Collection[str]) -> bytes | None:
    """The JSON text of `properties` with the members named in `kept` put at its end.

    A name that is taken already gets the prefix `top_level.`. None when there are no properties and nothing to keep.
    """
    own = bytes(members.get("properties", _NULL))
    if not kept:
        return None if own == _NULL else own
    taken = set() if own == _NULL else set(read_members(own))
    pieces = [own[1:-1]] if taken else []
    for name, value in members.items():
        if name in kept:
            free = name
            while free in taken:
                free = _CLASH_PREFIX + free
            taken.add(free)
            pieces.append(b":".join((_WRITE_NAME(free), value)))
    return b"{" + b",".join(pieces) + b"}"


def unknown_names(members: Members) -> Collection[str]:
    """The members that the contract does not know; all are known where it does not know the type either."""
    return members.keys() - _known_names().get(bytes(members.get("event_type", _NULL)), members.keys())


@cache
def _known_names() -> dict[bytes, frozenset[str]]:
    """The fields of each event type, by the type's name as JSON text."""
    return {
        f'"{event_type}"'.encode(): frozenset({"event_type", *(rule.name for rule in event_rules(event_type))})
        for event_type in EVENT_TYPES
    }
