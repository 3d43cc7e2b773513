"""Any request at all: the application answers it, in process, as fast as hypothesis can think of them."""

import asyncio
import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.collector.app import Collector
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.routes import ROUTES
from pipelines.collector.settings import CollectorSettings, SourceSettings
from pipelines.collector.worker import Blueprint, make_application, share
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
    kept = Kept()
    application = make_application(Blueprint(SETTINGS, MAPPINGS, lambda _metrics: kept), kept, share(SETTINGS))
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
        assert kept.lines == []
