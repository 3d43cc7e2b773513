"""JSON as the reference decoder reads it: every pair, every number's text, nothing forgiven."""

import json
import re
from dataclasses import dataclass
from typing import Any


class RefusedError(Exception):
    """A line that is no event."""

    def __init__(self, kind: str, field: str | None = None) -> None:
        super().__init__(kind, field)
        self.kind, self.field = kind, field


class Object(list[tuple[str, Any]]):
    """A JSON object as it was written: every pair, the repeated ones too."""


@dataclass(frozen=True)
class Whole:
    text: str


@dataclass(frozen=True)
class Fraction:
    text: str


def read_json(raw: bytes, max_line_bytes: int) -> tuple[str, dict[str, Any]]:
    if len(raw) > max_line_bytes:
        raise RefusedError("oversize")
    if all(byte in b" \t\n\r\x0b\x0c" for byte in raw):
        raise RefusedError("empty")
    if raw[:3] == "\ufeff".encode():
        raise RefusedError("bom")
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise RefusedError("invalid_utf8") from None
    try:
        value = json.loads(
            text, object_pairs_hook=Object, parse_int=Whole, parse_float=Fraction, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError):
        raise RefusedError("malformed_json") from None
    if depth_of(text) > 64:
        raise RefusedError("malformed_json")
    if has_repeated_key(value):
        raise RefusedError("duplicate_key")
    if not isinstance(value, Object):
        raise RefusedError("not_an_object")
    if has_lone_surrogate(value):
        raise RefusedError("lone_surrogate")
    return text, {key: plain(each) for key, each in value}


def refuse_constant(name: str) -> Any:
    raise ValueError(name)


def depth_of(text: str) -> int:
    """Brackets outside texts; the text is valid JSON."""
    if text.count("{") + text.count("[") <= 64:
        return 64  # or less
    depth = deepest = 0
    for character in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
    return deepest


def has_repeated_key(value: Any) -> bool:
    if isinstance(value, Object):
        keys = [key for key, _ in value]
        return len(set(keys)) < len(keys) or any(has_repeated_key(each) for _, each in value)
    return isinstance(value, list) and any(has_repeated_key(each) for each in value)


def has_lone_surrogate(value: Any) -> bool:
    if isinstance(value, Object):
        return any(has_lone_surrogate(key) or has_lone_surrogate(each) for key, each in value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return True
        return False
    return isinstance(value, list) and any(has_lone_surrogate(each) for each in value)


def plain(value: Any) -> Any:
    if isinstance(value, Object):
        return {key: plain(each) for key, each in value}
    return [plain(each) for each in value] if isinstance(value, list) else value


BETWEEN, COLON = re.compile(r"[ \t\r,]*"), re.compile(r"[ \t\r]*:[ \t\r]*")


def member_texts(text: str) -> dict[str, str]:
    """The text of each member's value; the text is a valid JSON object."""
    decoder = json.JSONDecoder(parse_int=Whole, parse_float=Fraction)
    members: dict[str, str] = {}
    at = text.index("{") + 1
    while True:
        at = BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        if text[at] == "}":
            return members
        key, at = decoder.raw_decode(text, at)
        start = COLON.match(text, at).end()  # type: ignore[union-attr]
        _, at = decoder.raw_decode(text, start)
        members[key] = text[start:at]
