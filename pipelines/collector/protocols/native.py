"""Our own protocol: events that are in the contract already, one, a list, or one a line (NDJSON).

A line goes on as the very bytes that came, but for the stamp of `received_at`. What is wrong with it, ingest says.
"""

import json

import msgspec

from pipelines.collector.protocols.loose_json import is_object, list_items
from pipelines.collector.protocols.rulebook import Rulebooks
from pipelines.collector.protocols.translation import Request, Translation, UnreadableError, check_count

_read_value = msgspec.json.Decoder(msgspec.Raw).decode
_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
_RECEIVED_AT = b'"received_at"'
_LINES_TYPES = ("ndjson", "jsonl", "json-lines", "jsonlines")


def translate_events(request: Request, _rulebooks: Rulebooks | None = None) -> Translation:
    """Every event of the body, in its order. Raises `UnreadableError` for a body that is neither JSON nor NDJSON."""
    stamp = b'"received_at":"%b"' % request.received_at.encode()
    lines = _split(request)
    check_count(len(lines))
    if _RECEIVED_AT in request.body:
        return Translation(lines=[_stamped(line, stamp) for line in lines])
    # Every line starts with a brace and a quote exactly when the least and the greatest do: no look at each by itself.
    if lines and min(lines) >= b'{"' and max(lines) < b"{#":
        start = b"{" + stamp + b","
        return Translation(lines=[start + line[1:] for line in lines])
    return Translation(lines=[_stamped(line, stamp) for line in lines])


def _split(request: Request) -> list[bytes]:
    body = request.body.strip(b" \t\r\n")
    if not body:
        raise UnreadableError("the body is empty; send one JSON event, a list of them, or one a line")
    content_type = request.headers.get("content-type", "")
    says_lines = content_type != "application/json" and any(each in content_type.lower() for each in _LINES_TYPES)
    if not says_lines:
        try:
            if body[:1] == b"[":
                events = list(map(bytes, _read_list(body)))
                return events if b"\n" not in body and b"\r" not in body else list(map(_one_line, events))
            _read_value(body)
        except _NOT_JSON as error:
            items = [body] if is_object(body) else list_items(body)
            if items is not None:
                return [_one_line(item) for item in items]
            if not _is_lines(body):
                raise UnreadableError(f"the body is not JSON: {error}") from None
        else:
            return [_one_line(body)]
    return [line for line in map(_strip, body.split(b"\n")) if line]


def _strip(line: bytes) -> bytes:
    return line.strip(b" \t\r")


def _is_lines(body: bytes) -> bool:
    """Whether the first line is JSON by itself, so that the body is one event a line, some of them broken."""
    first, _, rest = body.partition(b"\n")
    if not rest:
        return False
    try:
        _read_value(first.strip())
    except _NOT_JSON:
        return False
    return True


def _one_line(event: bytes) -> bytes:
    """JSON has line breaks between its tokens only; inside a text they are escaped."""
    return event if b"\n" not in event and b"\r" not in event else event.replace(b"\n", b" ").replace(b"\r", b" ")


def _stamped(line: bytes, stamp: bytes) -> bytes:
    """The line with our `received_at`. What is no object stays as it is."""
    if line[:1] != b"{":
        return line
    if _RECEIVED_AT in line:
        line = _without_received_at(line)
    rest = line[1:].lstrip(b" \t")
    return b"{%b%b%b" % (stamp, b"" if rest[:1] == b"}" else b",", rest)


def _without_received_at(line: bytes) -> bytes:
    """A client does not say when we received its event. A line with any key twice stays: ingest refuses it as such."""
    try:
        pairs = json.loads(line, object_pairs_hook=lambda pairs: pairs, parse_int=str, parse_float=str)
        event = _read_object(line)
    except _NOT_JSON:
        return line
    if len(pairs) != len(event) or event.pop("received_at", None) is None:
        return line
    return msgspec.json.encode(event)
