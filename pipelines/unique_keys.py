"""Proof that no object of a JSON text has a key twice."""

import json
from typing import Any

import msgspec

KEY_END = b'":'
"""How a key ends where no white space stands before the colon: there are at least as many of these as keys.

There may be more, for a text may hold it as \\": ."""

_READ = msgspec.json.Decoder().decode
_WRITE = msgspec.json.Encoder().encode
_UNSURE = (b"\\u00", b" :", b"\t:", b"\n:", b"\r:")  # \u0022 is a quote, \u003a a colon; a key may end otherwise


def are_unique(text: bytes) -> bool:
    """Whether no object of a JSON text has a key twice. False may mean unsure.

    What is read and written again has as many ends of keys as the text, so no key was lost to another of its name.
    Texts are written with as many as they had: a quote in them is escaped in both, and any other way to write a quote,
    a colon or the end of a key is refused.
    """
    if any(map(text.__contains__, _UNSURE)):
        return False
    try:
        return _WRITE(_READ(text)).count(KEY_END) == text.count(KEY_END)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def has_repeated_key(text: bytes) -> bool:
    """Whether any object of a JSON text has a key twice; True as well for what the standard library does not read."""
    return not are_unique(text) and not are_surely_unique(text)


def are_surely_unique(line: bytes) -> bool:
    """Whether no key stands twice, whatever white space there is: by the standard library, slower."""
    try:
        json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members
