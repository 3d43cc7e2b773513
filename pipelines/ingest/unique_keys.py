"""Proof that no object of a JSON text has a key twice."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

Buffer = bytes | msgspec.Raw

KEY_END = b'":'
"""How a key ends where no white space stands before the colon: there are at least as many of these as keys.

There may be more, for a text may hold it as \\": ."""

_READ = msgspec.json.Decoder().decode
_WRITE = msgspec.json.Encoder().encode
_OTHER_QUOTE = b"\\u00"  # \u0022 is a quote, \u003a a colon
_BATCH = 128  # texts that are looked at together; one that is odd costs a closer look at all of them


def find_not_unique(texts: Sequence[Buffer]) -> list[int]:
    """The JSON texts that may have a key twice; of the others it is proven, if no space stands before a colon."""
    doubtful = []
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        if not are_unique(b"[" + b",".join(batch) + b"]"):
            doubtful += [first + index for index, text in enumerate(batch) if not are_unique(bytes(text))]
    return doubtful


def are_unique(text: bytes) -> bool:
    """Whether no object of a JSON text has a key twice, if no space stands before a colon. False may mean unsure.

    What is read and written again has as many ends of keys as the text, so no key was lost to another of its name.
    Texts are written with as many as they had: a quote in them is escaped in both, and any other way to write a quote
    or a colon is refused.
    """
    if _OTHER_QUOTE in text:
        return False
    try:
        return _WRITE(_READ(text)).count(KEY_END) == text.count(KEY_END)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


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
