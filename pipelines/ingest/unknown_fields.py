"""What a client sends beyond the contract: kept in `properties` as the JSON it was, never lost."""

import json
from collections.abc import Collection, Mapping
from functools import cache

import msgspec

from pipelines.ingest.field_rules import event_rules
from schemas.events.contract import EVENT_TYPES

Members = Mapping[str, msgspec.Raw]
"""An object's members: names, and values as their JSON text."""

_READ_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_CLASH_PREFIX = "top_level."
_NULL = b"null"


def read_members(text: bytes | msgspec.Raw) -> Members:
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
            pieces.append(json.dumps(free, ensure_ascii=False).encode() + b":" + value)
    return b"{" + b",".join(pieces) + b"}"


def fold_unknown(line: bytes) -> tuple[bytes, bool] | None:
    """The line with its unknown fields moved into `properties`, and whether it had no properties before.

    None where there is nothing to move, or the line is no event. The line must be UTF-8; nothing else is proven of
    it, and a name that stands twice is lost here: count the keys of the line as it was.
    """
    try:
        members = read_members(line)
        known = _known_names(bytes(members.get("event_type", _NULL)))
        if known is None or members.keys() <= known:
            return None
        properties = merge_unknown(members, members.keys() - known)
    except (msgspec.MsgspecError, RecursionError):
        return None
    kept = [b'"' + name.encode() + b'":' + value for name, value in members.items() if name in known - {"properties"}]
    return b"{" + b",".join([*kept, b'"properties":' + (properties or _NULL)]) + b"}", "properties" not in members


@cache
def _known_names_by_json() -> dict[bytes, frozenset[str]]:
    return {
        f'"{event_type}"'.encode(): frozenset({"event_type", *(rule.name for rule in event_rules(event_type))})
        for event_type in EVENT_TYPES
    }


def _known_names(event_type: bytes) -> frozenset[str] | None:
    """The fields that a type has, given its name as JSON text."""
    return _known_names_by_json().get(event_type)
