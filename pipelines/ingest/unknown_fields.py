"""What a client sends beyond the contract: kept in `properties` as the JSON it was, never lost."""

import json
from collections.abc import Collection

import msgspec

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CLASH_PREFIX = "top_level."


def merge_unknown(raw: bytes, kept: Collection[str], in_properties: Collection[str]) -> str | None:
    """The JSON text of `properties` with the members of the line named in `kept` put at its end.

    `raw` is a line that is proven to be an object; `in_properties` are the keys that properties has of its own. A
    name that is taken already gets the prefix `top_level.`. None when there are no properties and nothing to keep.
    """
    members = {name: bytes(value).decode() for name, value in _MEMBERS.decode(raw).items()}
    properties = members.get("properties", "null")
    own = None if properties == "null" else properties
    if not kept:
        return own
    taken = set(in_properties)
    merged = []
    for name in (each for each in members if each in kept):
        free = name
        while free in taken:
            free = _CLASH_PREFIX + free
        taken.add(free)
        merged.append(f"{json.dumps(free, ensure_ascii=False)}:{members[name]}")
    head = own[:-1] + "," if own and in_properties else "{"
    return head + ",".join(merged) + "}"
