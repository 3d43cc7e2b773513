"""One event after another: the loop that Segment's and Sensors' clients share, and what they have in common in an event."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from pipelines.collector.protocols.field_ways import Node
from pipelines.collector.protocols.rulebook import Rulebook
from pipelines.collector.protocols.translation import Request, Translation, Unmapped
from pipelines.collector.protocols.values import Value

NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)

TranslateOne = Callable[[Node, bytes, bytes | None, bytes, Rulebook], tuple[str, list[bytes]]]
"""Event, its id, when the request was sent, when it was received, the rules: its name, and its lines."""

read_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Dialect:
    """How a family of clients says an event."""

    protocol: str
    keys: tuple[str, ...]
    """Members of an event that may be the write key, which is never stored."""
    event_id_of: Callable[[Node, bytes, Counter[bytes]], bytes]
    """Event, when it was received, ids that were counted in this request."""
    translate_one: TranslateOne
    _key: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        names = "|".join(map(re.escape, self.keys)).encode()
        object.__setattr__(self, "_key", re.compile(rb'"(%b)"\s*:\s*"[^"\\]*"' % names))

    def without_keys(self, text: bytes) -> bytes:
        """A text that no reader takes, without what may be the write key in it."""
        return self._key.sub(rb'"\1":null', text)


def translate_each(
    dialect: Dialect, events: Iterable[Node | bytes], sent_at: bytes | None, request: Request, book: Rulebook
) -> Translation:
    """What becomes of every event; one that is only a text is no object and goes on as it came, for ingest to refuse."""
    done = Translation()
    received_at = b'"%b"' % request.received_at.encode()
    seen: Counter[bytes] = Counter()
    for event in events:
        if isinstance(event, bytes):
            done.lines.append(dialect.without_keys(event))
            continue
        try:
            event_id = dialect.event_id_of(event, received_at, seen)
            name, lines = dialect.translate_one(event, event_id, sent_at, received_at, book)
        except NOT_JSON:  # half of a surrogate pair, or bytes that are no text: for ingest to refuse
            done.lines.append(dialect.without_keys(_encode(event)))
            continue
        if lines:
            done.lines += lines
        elif name in book.ignored:
            done.ignored_count += 1
        else:
            done.unmapped.append(_unmapped(dialect, name, event, event_id, sent_at, request))
            done.unmapped_names.append(name)
    return done


def name_of(event: Node) -> str:
    """The name by which a mapping knows an event: a track's own, of other calls the call's."""
    call = event.get("type")
    if call is None or bytes(call) == b'"track"':
        return _text(event.get("event"))
    return _text(call) or _text(event.get("event"))


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    text = bytes(value)
    return read_text(text) if text[:1] == b'"' else ""


def _unmapped(
    dialect: Dialect, name: str, event: Node, event_id: bytes, sent_at: bytes | None, request: Request
) -> bytes:
    for key in dialect.keys:
        event.pop(key, None)
    return _encode(
        Unmapped(
            protocol=dialect.protocol,
            source=request.source,
            name=name,
            received_at=request.received_at,
            event_id=Value(event_id),
            sent_at=None if sent_at is None else read_text(sent_at),
            original=Value(_encode(event)),
        )
    )
