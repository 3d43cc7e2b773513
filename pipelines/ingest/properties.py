"""Proof, from the bytes alone, that no object of a JSON text has a key twice and that it is not too deep."""

import json
from typing import Any

import msgspec

from schemas.events.rejects import MAX_DEPTH

KEY_END = b'":'
"""How a key ends. A text cannot hold it but as \\": so there are at least as many of these as keys, provided that no
white space stands between a key and its colon."""

_FLAT = msgspec.json.Decoder(dict[str, str | float | int | bool | None])
_ANY = msgspec.json.Decoder()
_ENCODE = msgspec.json.Encoder().encode


def has_unique_keys(text: bytes) -> bool:
    """Whether `properties`, valid JSON without space before a colon, is surely an object without a repeated key.

    True is a proof, also of a depth within the limit. False means only that this quick look could not tell.
    """
    try:
        # A dict cannot hold more keys than the text has.
        if len(_FLAT.decode(text)) == text.count(KEY_END):
            return True
    except (msgspec.MsgspecError, ValueError):
        pass  # an object inside, or a number too large for a float
    if not text.startswith(b"{") or not is_shallow(text, 1):
        return False
    try:
        # What came out of dicts has no repeats: where it reads like the text, the text has none.
        return _ENCODE(_ANY.decode(text)) == text
    except (msgspec.MsgspecError, ValueError):
        return False


def is_surely_sound(line: bytes) -> bool:
    """As `has_unique_keys`, for a whole line, space and null included: slower, by the standard library."""
    if not is_shallow(line, 0):
        return False
    try:
        json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return True


def is_shallow(text: bytes, levels_above: int) -> bool:
    """Whether the text cannot be deeper than the limit."""
    return text.count(b"{") + text.count(b"[") <= MAX_DEPTH - levels_above


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members
