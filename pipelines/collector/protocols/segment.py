"""The Segment protocol, as Segment's and RudderStack's clients speak it."""

import json
from collections import Counter
from urllib.parse import urlsplit

import msgspec

from pipelines.collector.protocols.each_event import NOT_JSON, Dialect, name_of, read_text, translate_each
from pipelines.collector.protocols.field_ways import Node, node_or_text, read_node
from pipelines.collector.protocols.loose_json import list_items, member
from pipelines.collector.protocols.rulebook import EventHead, Rulebook, Rulebooks, content_id, counted_id
from pipelines.collector.protocols.translation import Request, Translation, UnreadableError, check_count
from pipelines.collector.protocols.values import NOTHING, Value, as_text
from pipelines.unique_keys import has_repeated_key

PROTOCOL = "segment"

CALLS = {
    "t": "track", "i": "identify", "p": "page", "g": "group", "a": "alias", "s": "screen",
    "track": "track", "identify": "identify", "page": "page", "group": "group", "alias": "alias", "screen": "screen",
}  # fmt: skip
"""The last part of a single call's path, and the call."""

NOT_KEPT = ("type", "writeKey", "integrations", "_metadata", "sentAt")
"""How and with which key the client delivers; nothing about the event. A key is never stored."""

_encode = msgspec.json.Encoder().encode
_NONE = Value(b"null")


class _Batch(msgspec.Struct):
    batch: list[dict[str, Value]]
    sentAt: Value = _NONE  # noqa: N815 - the client's word


_read_batch = msgspec.json.Decoder(_Batch).decode


def translate_batch(request: Request, rulebooks: Rulebooks) -> Translation:
    """`/v1/batch`, `/b` and `/beacon/v1/batch`: many events. Raises `UnreadableError` where there is no list `batch`."""
    body = _on_one_line(request.body)
    try:
        whole = _read_batch(body)
    except NOT_JSON:
        return _translate_loose_batch(body, request, rulebooks)
    if has_repeated_key(body):
        _check_envelope(body)
        return _translate_loose_batch(body, request, rulebooks)
    check_count(len(whole.batch))
    return translate_each(DIALECT, whole.batch, _sent_at(whole.sentAt), request, rulebooks.segment)


def translate_call(request: Request, rulebooks: Rulebooks) -> Translation:
    """`/v1/track`, `/t` and the like: one event."""
    body = _on_one_line(request.body)
    try:
        event: Node = read_node(body)
    except NOT_JSON as error:
        raise UnreadableError(f"the body is no JSON object: {error}") from None
    if has_repeated_key(body):
        return translate_each(DIALECT, [body], None, request, rulebooks.segment)
    if "type" not in event:
        call = CALLS.get(request.path.rstrip("/").rsplit("/", 1)[-1])
        if call is not None:
            event["type"] = Value(_encode(call))
    return translate_each(DIALECT, [event], None, request, rulebooks.segment)


def ignore_metrics(_request: Request, _rulebooks: Rulebooks) -> Translation:
    """`/m`: what the client counts of itself; no events."""
    return Translation()


def settings_document(write_key: str, base_url: str) -> bytes:
    """What analytics-next asks for before it sends: where to, and which integrations (none but this)."""
    url = urlsplit(base_url)
    return _encode(
        {
            "integrations": {
                "Segment.io": {
                    "apiKey": write_key,
                    "apiHost": f"{url.netloc}{url.path.rstrip('/')}/v1",
                    "protocol": url.scheme,
                    "unbundledIntegrations": [],
                    "addBundledMetadata": True,
                    "maybeBundledConfigIds": {},
                    "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
                }
            },
            "plan": {"track": {"__default": {"enabled": True}}, "identify": {}, "group": {}},
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "metrics": {"sampleRate": 0},
            "enabledMiddleware": {},
            "remotePlugins": [],
        }
    )


def source_config(write_key: str) -> bytes:
    """What RudderStack's browser client asks for before it sends: the source, with no destination beside us."""
    return _encode(
        {
            "source": {
                "id": write_key,
                "name": "maidian",
                "writeKey": write_key,
                "enabled": True,
                "workspaceId": "maidian",
                "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
                "connections": [],
                "destinations": [],
                "dataplanes": {},
                "sourceDefinition": {"name": "Javascript"},
            },
            "updatedAt": "2026-01-01T00:00:00.000Z",
        }
    )


def translate_one(
    event: Node, event_id: bytes, sent_at: bytes | None, received_at: bytes, book: Rulebook
) -> tuple[str, list[bytes]]:
    """An event's name, and its lines."""
    name = name_of(event)
    if name in book.ignored or name not in book.rules:
        return name, []
    own_sent_at = _sent_at(event.get("sentAt")) or sent_at
    occurred_at = _first(event, "timestamp", "originalTimestamp") or own_sent_at or received_at
    kept = {key: value for key, value in event.items() if key not in _IN_HEAD}
    return name, book.lines(name, kept, EventHead(event_id, occurred_at, own_sent_at, received_at), "$segment")


def event_id_of(event: Node, received_at: bytes, seen: Counter[bytes]) -> bytes:
    """`messageId`; without one, all that the event says. One that says no time either is a new one each time it comes."""
    said = _first(event, "messageId")
    if said is not None:
        return as_text(said)
    told_apart = [_encode({key: value for key, value in event.items() if key != "sentAt"})]
    if _first(event, "timestamp", "originalTimestamp") is None:
        told_apart.append(received_at)
    return counted_id(content_id(told_apart), seen)


_IN_HEAD = frozenset((*NOT_KEPT, "messageId", "timestamp"))


DIALECT = Dialect(PROTOCOL, ("writeKey",), event_id_of, translate_one)


def _check_envelope(body: bytes) -> None:
    """Raise `UnreadableError` where a key stands twice around the events: a second `batch` would vanish."""
    names = [name for name, _value in json.loads(body, object_pairs_hook=list)]
    if len(set(names)) != len(names):
        raise UnreadableError("the body has a key twice; send each once")


def _translate_loose_batch(body: bytes, request: Request, rulebooks: Rulebooks) -> Translation:
    """A batch in which something is no event: that goes on as it came, for ingest to refuse."""
    batch = list_items(member(body, "batch") or b"")
    if batch is None:
        raise UnreadableError("the body is no JSON object with a list `batch`") from None
    check_count(len(batch))
    sent_at = _sent_at(member(body, "sentAt"))
    return translate_each(DIALECT, map(node_or_text, batch), sent_at, request, rulebooks.segment)


def _on_one_line(body: bytes) -> bytes:
    """JSON has line breaks between its tokens only; inside a text they are escaped."""
    return body.replace(b"\n", b" ") if b"\n" in body else body


def _sent_at(value: Value | bytes | None) -> bytes | None:
    text = b"" if value is None else bytes(value)
    if text[:1] != b'"' or text in NOTHING:
        return None
    try:
        read_text(text)
    except NOT_JSON:
        return None
    return text


def _first(event: Node, *keys: str) -> bytes | None:
    for key in keys:
        value = event.get(key)
        if value is not None and (text := bytes(value)) not in NOTHING:
            return text
    return None
