"""The exact path, first half: from a line's bytes to its JSON object, or to the first reason why it has none.

Strict and slow on purpose: the standard library's parser, every number as its text, every key seen.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from pipelines.ingest.decoding.reject import Reject, quote
from schemas.events.rejects import MAX_DEPTH, RejectKind

_BOM = b"\xef\xbb\xbf"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number by its own text, so that nothing of it is lost."""

    text: str

    @property
    def is_integer(self) -> bool:
        """Written without a fraction and without an exponent."""
        return self.text.lstrip("-").isdigit()


Json = None | bool | str | Number | list["Json"] | dict[str, "Json"]


def parse_object(raw: bytes, max_line_bytes: int) -> dict[str, Json] | Reject:
    """The object on a line, proven to be one; or the reject of the first kind that applies."""
    text = _read_text(raw, max_line_bytes)
    if isinstance(text, Reject):
        return text
    repeated: list[str] = []
    try:
        value = _decoder(repeated).decode(text)
    except RecursionError:
        return _too_deep()
    except ValueError as error:
        return Reject(RejectKind.MALFORMED_JSON, f"The line is not JSON: {_explain(error)}.")
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        return _too_deep()
    if repeated:
        return Reject(RejectKind.DUPLICATE_KEY, f"The key {quote(repeated[0])} stands twice in one object.")
    if not isinstance(value, dict):
        return Reject(RejectKind.NOT_AN_OBJECT, "The line is JSON, but not an object.")
    # UTF-8 has no surrogates, so only an escape can bring one in.
    if "\\u" in text and (broken := next(filter(_LONE_SURROGATE.search, _texts(value)), None)):
        return Reject(RejectKind.LONE_SURROGATE, f"The text {quote(broken)} holds half of a surrogate pair.")
    return value


def _read_text(raw: bytes, max_line_bytes: int) -> str | Reject:
    if len(raw) > max_line_bytes:
        reason = f"The line has {len(raw)} bytes; the limit is {max_line_bytes}."
        return Reject(RejectKind.OVERSIZE, reason)
    if not raw.strip():
        return Reject(RejectKind.EMPTY, "The line is empty or only white space.")
    if raw.startswith(_BOM):
        return Reject(RejectKind.BOM, "The line starts with a byte order mark.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        reason = f"Byte {error.start} of the line, 0x{raw[error.start]:02x}, is not UTF-8: {error.reason}."
        return Reject(RejectKind.INVALID_UTF8, reason)


def _decoder(repeated: list[str]) -> json.JSONDecoder:
    """A decoder that notes the keys which stand twice in one object, at any depth."""

    def gather(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        members = dict(pairs)
        if len(members) < len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return members

    return json.JSONDecoder(
        object_pairs_hook=gather, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
    )


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON value")


def _explain(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos}"
    return str(error)


def _too_deep() -> Reject:
    return Reject(RejectKind.MALFORMED_JSON, f"The line is nested deeper than {MAX_DEPTH} levels.")


def _depth(text: str) -> int:
    """Levels of objects and lists in valid JSON; what a repeated key has hidden from the value counts too."""
    brackets = re.sub(r"[^][{}]", "", _STRING.sub("", text))
    return max(accumulate(1 if each in "{[" else -1 for each in brackets), default=0)


def _texts(value: Json) -> Iterator[str]:
    """Every key and text inside."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case list(items):
                waiting.extend(items)
            case dict(members):
                yield from members
                waiting.extend(members.values())
