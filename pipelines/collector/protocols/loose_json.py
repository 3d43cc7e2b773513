"""Telling values apart in JSON that no reader takes, so that one bad event does not take its neighbours with it.

A client that cuts a text in the middle of an emoji sends half of a surrogate pair, and msgspec refuses all around it.
This looks at quotes, brackets and commas alone; what stands between them is judged later, event by event.
"""

import re

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},"]', re.DOTALL)
_KEY_END = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_SPACE = b" \t\r\n"
_TOO_DEEP = 500  # levels; ingest refuses an event of more than 64, and a body of nothing but brackets ends here


def list_items(text: bytes) -> list[bytes] | None:
    """The items of a list; None when the text is no list that ends."""
    text = text.strip(_SPACE)
    items: list[bytes] = []
    start, depth = 1, 0
    for token in _TOKEN.finditer(text) if text[:1] == b"[" else ():
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth > _TOO_DEEP:
                    return None
            case b"]" | b"}":
                depth -= 1
                if depth == 0:
                    last = text[start : token.start()].strip(_SPACE)
                    if token.end() != len(text) or token[0] != b"]" or (items and not last):
                        return None
                    return [*items, last] if last else items
            case b"," if depth == 1:
                items.append(text[start : token.start()].strip(_SPACE))
                start = token.end()
            case b'"':
                return None  # a text that does not end
    return None


def is_object(text: bytes) -> bool:
    """Whether the text is one object that ends where the text does."""
    text = text.strip(_SPACE)
    return text[:1] == b"{" and _end(text, 0) == len(text)


def member(text: bytes, key: str) -> bytes | None:
    """A member of an object that is a list, an object or a text; None where there is none."""
    wanted = b'"%b"' % key.encode()
    depth = 0
    for token in _TOKEN.finditer(text) if is_object(text) else ():
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
        elif depth == 1 and token[0] == wanted and (colon := _KEY_END.match(text, token.end())):
            end = _end(text, colon.end())
            return None if end is None else text[colon.end() : end]
    return None


def _end(text: bytes, start: int) -> int | None:
    """Where the list, object or text ends that starts here."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if (depth == 0 and token.start() != start) or depth > _TOO_DEEP:
            return None
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                return token.end()
        elif token[0] == b'"':
            return None
        elif depth == 0:
            return token.end() if token[0] != b"," else None
    return None
