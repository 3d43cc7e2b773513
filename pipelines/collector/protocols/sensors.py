"""The Sensors Analytics protocol: `/sa`, `/sa.gif`, `/debug`; GET or POST; one event or a list; base64 of JSON."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from pipelines.collector.protocols.each_event import Dialect, name_of, translate_each
from pipelines.collector.protocols.field_ways import Node, open_child
from pipelines.collector.protocols.rulebook import EventHead, Rulebook, Rulebooks, content_id, counted_id
from pipelines.collector.protocols.sensors_body import read_events
from pipelines.collector.protocols.translation import Request, Translation, check_count
from pipelines.collector.protocols.values import NOTHING, as_text

PROTOCOL = "sensors"

KEYS = ("token", "project")
NOT_KEPT = (*KEYS, "_flush_time", "_track_id", "_nocache")
"""The project, which may be the key, and how the client delivers; nothing about the event."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEVICES = (
    "$identity_cookie_id",
    "$identity_anonymous_id",
    "$identity_android_id",
    "$identity_idfv",
    "$identity_mp_id",
)
_encode = msgspec.json.Encoder().encode


def translate_events(request: Request, rulebooks: Rulebooks) -> Translation:
    """Every event of `data` or `data_list`, from the body or, in a GET, the query.

    Raises `UnreadableError` where there is neither, where `crc` does not fit, and where what is packed is no JSON;
    `TooLargeError` where it unpacks to more than `max_bytes`. A dry run is checked and gives nothing.
    """
    events = read_events(request)
    check_count(len(events))
    if request.headers.get("dry-run", "").lower() == "true":
        return Translation()
    return translate_each(DIALECT, events, None, request, rulebooks.sensors)


def translate_one(
    event: Node, event_id: bytes, sent_at: bytes | None, received_at: bytes, book: Rulebook
) -> tuple[str, list[bytes]]:
    """An event's name, and its lines."""
    name = name_of(event)
    if name in book.ignored or name not in book.rules:
        return name, []
    kept = {key: value for key, value in event.items() if key not in _IN_HEAD}
    _fill_ids(kept)
    head = EventHead(
        event_id=event_id,
        occurred_at=_instant(event.get("time")) or received_at,
        sent_at=_instant(event.get("_flush_time")) or sent_at,
        received_at=received_at,
    )
    return name, book.lines(name, kept, head, "$sensors")


_IN_HEAD = frozenset((*NOT_KEPT, "time", "type"))


def event_id_of(event: Node, received_at: bytes, seen: Counter[bytes]) -> bytes:
    """The same whenever the client sends the event again.

    `_track_id` alone would not do: the browser's is nine digits, so that a hundred thousand events share some. Without
    it, all the event says tells it apart; when it was sent is no part of that. One that says no time either is a new one
    each time it comes.
    """
    track_id = event.get("_track_id")
    if track_id is not None:
        told_apart = (track_id, event.get("time"), event.get("distinct_id"), event.get("event"))
        return counted_id(content_id(b"" if each is None else _encode(each) for each in told_apart), seen)
    content = _encode({key: value for key, value in event.items() if key != "_flush_time"})
    return counted_id(content_id([content] if "time" in event else [content, received_at]), seen)


DIALECT = Dialect(PROTOCOL, KEYS, event_id_of, translate_one)


def _fill_ids(event: Node) -> None:
    """Say `login_id` and `anonymous_id` outright: older and server clients say them through `distinct_id`."""
    login = event.get("login_id")
    if login is None or bytes(login) in NOTHING:
        login = (open_child(event, "identities") or {}).get("$identity_login_id")
        if login is None:
            said = (open_child(event, "properties") or {}).get("$is_login_id")
            login = event.get("distinct_id") if said is not None and bytes(said) == b"true" else None
        if login is not None:
            event["login_id"] = login
    device = event.get("anonymous_id")
    if device is None or bytes(device) in NOTHING:
        identities = open_child(event, "identities") or {}
        device = next((identities[key] for key in _DEVICES if key in identities), None)
        if device is None and login is None:
            device = event.get("distinct_id")
        if device is not None:
            event["anonymous_id"] = device


def _instant(said: Any) -> bytes | None:
    """Milliseconds since 1970 as an instant; what is none goes on as it came, for ingest to refuse."""
    if said is None:
        return None
    text = bytes(said)
    if text in NOTHING:
        return None
    try:
        second, millisecond = divmod(int(text), 1000)
        return b'"%b.%03dZ"' % (_second_text(second), millisecond)
    except (ValueError, OverflowError):
        return as_text(text)


@lru_cache(maxsize=4096)  # events of one moment come together
def _second_text(second: int) -> bytes:
    return (_EPOCH + timedelta(seconds=second)).isoformat().removesuffix("+00:00").encode()
