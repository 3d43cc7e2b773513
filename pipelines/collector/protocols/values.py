"""JSON values on their way into a field of the contract, as their own text: nothing passes through a float.

A client's habits are taken back where that cannot change what was said: a number where an id belongs gets quotes, an
integer in quotes or written as `2.0` loses them. All else goes on as it came, and ingest says what is wrong with it.
"""

import re
from collections.abc import Callable

import msgspec

from pipelines.imports.contract_kinds import KindName
from schemas.events.contract import MONEY_TEXT

Value = msgspec.Raw
"""One JSON value, as text."""

Convert = Callable[[bytes], bytes | None]
"""None: what stands there is no such value at all, and another way to the field is tried."""

NOTHING = (b"null", b'""')
"""A client that has no value says so in one of these ways."""

_INTEGER = re.compile(rb'"?(-?(?:0|[1-9][0-9]*))(?:\.0+)?"?')
_NUMBER = re.compile(rb'"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)"')
_DIGITS = b"-0123456789"
_READ_LIST = msgspec.json.Decoder(list[Value]).decode

assert MONEY_TEXT  # money is a number or its text in the contract too: it goes on as it came


def as_text(value: bytes) -> bytes:
    """An id as a text: `1024` is `"1024"`."""
    return b'"%b"' % value if value[0] in _DIGITS else value


def as_integer(value: bytes) -> bytes | None:
    """A count as a number: `"2"` and `2.0` are `2`. A list is no count: `results` may be one or the other."""
    match = _INTEGER.fullmatch(value)
    if match:
        return match[1]
    return None if value[:1] in (b"[", b"{") else value


def as_number(value: bytes) -> bytes:
    """A measure as a number: `"1.5"` is `1.5`."""
    match = _NUMBER.fullmatch(value)
    return match[1] if match else value


def as_texts(value: bytes) -> bytes:
    """A list of ids: each as a text; one alone is a list of one."""
    if value[0] != ord("["):
        return b"[%b]" % as_text(value)
    return b"[%b]" % b",".join(as_text(bytes(item)) for item in _READ_LIST(value))


def as_it_came(value: bytes) -> bytes:
    """Money and choices: the contract takes them, or refuses them, as they are."""
    return value


CONVERT: dict[KindName, Convert] = {
    "text": as_text,
    "texts": as_texts,
    "integer": as_integer,
    "number": as_number,
    "money": as_it_came,
    "choice": as_it_came,
    "time": as_it_came,
}
