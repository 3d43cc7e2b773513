"""Proof that no object of a JSON text has a key twice."""

import json
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.decoding.bisection import find_odd

KEY_END = b'":'
"""How a key ends where no white space stands before the colon: there are at least as many of these as keys.

There may be more, for a text may hold it as \\": ."""

_READ = msgspec.json.Decoder().decode
_WRITE = msgspec.json.Encoder().encode
_UNSURE = (b"\\u00", b" :", b"\t:", b"\n:", b"\r:")  # \u0022 is a quote, \u003a a colon; a key may end otherwise
_AT_ONCE = 128  # texts; an odd one costs a closer look at its neighbours


def find_not_unique(texts: pa.StringArray) -> list[int]:
    """Which JSON texts may have a key twice; of the others it is proven."""
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), ",")[0].as_buffer()
    bounds = np.append(0, np.cumsum(pc.binary_length(texts).to_numpy() + 1, dtype=np.int64)).tolist()  # with its comma
    return find_odd(
        len(texts),
        _AT_ONCE,
        lambda first, end: are_unique(b"[%b]" % joined[bounds[first] : bounds[end] - 1]),
    )


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
