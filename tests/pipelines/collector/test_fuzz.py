"""Any request at all: the application answers it, in process, as fast as hypothesis can think of them."""

import asyncio
import base64
import gzip
import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from pipelines.collector.app import Collector
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.routes import ROUTES
from pipelines.collector.settings import CollectorSettings, SourceSettings
from pipelines.collector.worker import Blueprint, make_server, share
from schemas.events.contract import EVENT_TYPES

KEY = "key-of-web"
BASIC = b"a2V5LW9mLXdlYjo="
SETTINGS = CollectorSettings(sources={"web": SourceSettings(write_keys=(KEY,))}, workers=1, hold_seconds=0)
MAPPINGS = load_mappings()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
NAMES = """
    event_type event_id occurred_at properties batch type event messageId context userId anonymousId timestamp sentAt writeKey
    time distinct_id lib _track_id received_at ip
"""
names = st.sampled_from(NAMES.split()) | st.text(max_size=8)
values = st.sampled_from([*EVENT_TYPES, "track", "Product Viewed", "Order Completed", "track_signup", KEY]) | anything
events = st.dictionaries(names, values, max_size=8)
documents = (
    events | st.lists(events | anything, max_size=4) | st.fixed_dictionaries({"batch": st.lists(events, max_size=4)})
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    text = json.dumps(draw(documents), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    wrap = draw(st.sampled_from(["none", "lines", "gzip", "data", "noise", "cut"]))
    match wrap:
        case "lines":
            return b"\n".join([text] * draw(st.integers(1, 3)))
        case "gzip":
            return gzip.compress(text, 1)
        case "data":
            return draw(st.sampled_from([b"data=", b"data_list="])) + base64.b64encode(text)
        case "noise":
            return draw(st.binary(max_size=200))
        case "cut":
            return text[: draw(st.integers(0, len(text)))]
    return text


header_values = st.binary(max_size=50) | st.sampled_from([KEY.encode(), b"Basic " + BASIC, b"Bearer " + KEY.encode()])
headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"authorization", b"x-write-key", b"content-type", b"content-encoding", b"origin", b"anonymousid"]
        )
        | st.sampled_from([b"sentat", b"dry-run", b"access-control-request-headers"]),
        header_values,
    ),
    max_size=5,
)
paths = st.sampled_from([route.path for route in ROUTES]) | st.text(max_size=20).map(lambda text: "/" + text)
queries = st.binary(max_size=50) | st.sampled_from(
    [b"", b"write_key=" + KEY.encode(), b"project=" + KEY.encode() + b"&data=e30=", b"data_list=W10="]
)


class Kept:
    """Keeps requests in memory, and holds them to what a landing asks of lines."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    async def start(self) -> None: ...

    async def append(self, source: str, lines: Sequence[bytes], unmapped: Sequence[bytes] = ()) -> None:
        assert source == "web"
        for line in (*lines, *unmapped):
            assert line
            assert b"\n" not in line
        for line in unmapped:
            json.loads(line)
        self.lines += lines

    async def close(self) -> None: ...


KEPT = Kept()
SERVER = make_server(Blueprint(SETTINGS, MAPPINGS, lambda _metrics: KEPT), KEPT, share(SETTINGS))
SERVER.config.load()


async def ask(application: Collector, scope: dict[str, Any], pieces: list[bytes]) -> list[dict[str, Any]]:
    """One request in pieces, and what was sent back."""
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return sent


@given(
    st.sampled_from(["GET", "POST", "OPTIONS", "PUT"]), paths, queries, headers, bodies(), st.booleans(), st.booleans()
)
def test_any_request_is_answered_and_only_with_its_key_kept(
    method: str,
    path: str,
    query: bytes,
    sent_headers: list[tuple[bytes, bytes]],
    body: bytes,
    has_key: bool,
    is_in_pieces: bool,
) -> None:
    KEPT.lines.clear()
    application = SERVER.config.loaded_app
    assert isinstance(application, Collector)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [*sent_headers, *([(b"x-write-key", KEY.encode())] if has_key else [])],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
    }
    pieces = [body[n : n + 7] for n in range(0, len(body), 7)] if is_in_pieces else [body]
    answer = asyncio.run(ask(application, scope, pieces))
    assert answer[0]["type"] == "http.response.start"
    assert answer[0]["status"] in (200, 400, 401, 403, 404, 405, 413)
    assert KEY.encode() not in b"".join(each["body"] for each in answer[1:] if path != f"/v1/projects/{KEY}/settings")
    sent = query + body + b"".join(value for _, value in scope["headers"])
    if KEY.encode() not in sent and BASIC not in sent:
        assert KEPT.lines == []


OF_THE_MOMENT = re.compile(rb'"(?:received_at|occurred_at|event_id)":"[^"]*"')
"""An event that says no time is a new one each time it comes."""


class Wire(asyncio.Transport):
    """The other end of a connection, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.received = b""
        self._is_closing = False

    def write(self, data: Any) -> None:
        self.received += data

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def can_write_eof(self) -> bool:
        return False


async def send(pieces: list[bytes]) -> bytes:
    """What one connection answers to bytes that arrive in pieces."""
    connection = SERVER.config.http_protocol_class(  # type: ignore[call-arg, operator]
        config=SERVER.config, server_state=ServerState(), app_state={}, _loop=asyncio.get_running_loop()
    )
    wire = Wire()
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
        await asyncio.sleep(0)
    for _ in range(1000):
        if wire.received.endswith((b"}", b";")):  # JSON, or a pixel
            break
        await asyncio.sleep(0.001)
    connection.connection_lost(None)
    return wire.received


@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    st.sampled_from([route.path for route in ROUTES]),
    st.sampled_from([b"", b"?write_key=" + KEY.encode(), b"?project=" + KEY.encode() + b"&data=e30="]),
    bodies(),
    st.booleans(),
    st.sampled_from([b"", b"origin: https://shop.example\r\n"]),
    st.integers(1, 300),
)
def test_a_request_in_one_piece_and_the_same_in_chunks_are_kept_and_answered_alike(
    method: str, path: str, query: bytes, body: bytes, has_key: bool, origin: bytes, cut: int
) -> None:
    head = b"%b %b%b HTTP/1.1\r\nhost: x\r\n%b" % (method.encode(), path.encode(), query, origin)
    if has_key:
        head += b"x-write-key: " + KEY.encode() + b"\r\n"
    whole = head + b"content-length: %d\r\n\r\n" % len(body) + body
    chunked = head + b"transfer-encoding: chunked\r\n\r\n"
    if body:
        chunked += b"%x\r\n%b\r\n" % (len(body), body)
    ways = [[whole], [whole[:cut], whole[cut:]], [chunked + b"0\r\n\r\n"]]
    said, lines = [], []
    for pieces in ways:
        KEPT.lines.clear()
        answer = asyncio.run(send(pieces))
        first, _, rest = answer.partition(b"\r\n")
        head_lines, _, text = rest.partition(b"\r\n\r\n")
        # A body that is refused unread ends the connection; one that is here already need not.
        said.append((first, sorted(set(head_lines.lower().split(b"\r\n")) - {b"connection: close"}), text))
        lines.append([OF_THE_MOMENT.sub(b"", line) for line in KEPT.lines])
    assert said[0] == said[1] == said[2]
    assert lines[0] == lines[1] == lines[2]
