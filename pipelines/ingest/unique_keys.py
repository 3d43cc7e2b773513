"""Proof that no object of a JSON text has a key twice, and that the text is not too deep."""

import json
from typing import Any

import msgspec

from schemas.events.rejects import MAX_DEPTH

KEY_END = b'":'
"""How a key ends where no white space stands before the colon: there are at least as many of these as keys.

There may be more, for a text may hold it as \\": ."""

_FLAT = msgspec.json.Decoder(dict[str, str | float | int | bool | None]).decode
_ANY = msgspec.json.Decoder().decode


def are_unique_in_properties(text: bytes) -> bool:
    """Whether this is surely an object without repeated keys, provided that no white space stands before a colon.

    False means that this quick look could not tell.
    """
    try:
        if len(_FLAT(text)) == text.count(KEY_END):  # a dict cannot hold more keys than the text has
            return True
    except (msgspec.MsgspecError, ValueError):
        pass  # an object inside, or a number too large for a float
    return text.startswith(b"{") and is_shallow(text, levels_above=1) and are_unique(text)


def are_unique(text: bytes) -> bool:
    """As `are_unique_in_properties`, for any shallow JSON: what is read has as many keys as the text, so none is lost."""
    try:
        return _count_keys(_ANY(text)) == text.count(KEY_END)
    except (msgspec.MsgspecError, ValueError):
        return False


def are_surely_unique(line: bytes) -> bool:
    """Whether no key stands twice, whatever white space there is: by the standard library, slower."""
    try:
        json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return True


def is_shallow(text: bytes, *, levels_above: int = 0) -> bool:
    """Whether the text is surely within the limit of depth."""
    return text.count(b"{") + text.count(b"[") <= MAX_DEPTH - levels_above


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum([_count_keys(each) for each in value.values() if isinstance(each, dict | list)])
    return sum([_count_keys(each) for each in value if isinstance(each, dict | list)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members
