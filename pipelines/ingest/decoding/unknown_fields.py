"""What a client sends beyond the contract: kept in `properties` as the JSON it was, never lost."""

from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from pipelines.ingest.decoding.field_rules import event_rules

Members = Mapping[str, msgspec.Raw]
"""An object's members: names, and values as their JSON text."""

_READ_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_WRITE_NAME = msgspec.json.Encoder().encode
_CLASH_PREFIX = "top_level."
_NULL = b"null"


def read_members(text: bytes) -> Members:
    """The members of an object; of a name that stands twice, the last. Raises msgspec's errors where it is none."""
    return _READ_MEMBERS(text)


def merge_unknown(members: Members, kept: Sequence[str]) -> bytes | None:
    """The JSON text of `properties` with the members named in `kept` put at its end, in their order.

    A name that is taken already gets the prefix `top_level.`. None when there are no properties and nothing to keep.
    """
    own = bytes(members.get("properties", _NULL))
    if not kept:
        return None if own == _NULL else own
    taken = set() if own == _NULL else set(read_members(own))
    pieces = [own[1:-1]] if taken else []
    for name in kept:
        free = name
        while free in taken:
            free = _CLASH_PREFIX + free
        taken.add(free)
        pieces.append(b"%b:%b" % (_WRITE_NAME(free), members[name]))
    return b"{%b}" % b",".join(pieces)


def unknown_names(members: Members, event_type: str) -> list[str]:
    """The members that the contract does not know of an event of this type, in their order."""
    known = _known_names(event_type)
    return [name for name in members if name not in known]


@cache
def _known_names(event_type: str) -> frozenset[str]:
    return frozenset({"event_type", *(rule.name for rule in event_rules(event_type))})
