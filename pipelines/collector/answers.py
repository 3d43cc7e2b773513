"""What clients are told: an answer is a status, headers and a small body, made once where it never differs."""

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec

from pipelines.collector.body import Receive

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

PREFLIGHT_SECONDS = b"86400"  # browsers cut it to what they allow, two hours in Chromium
LINGER_SECONDS = 2.0
_CLOSE = (b"connection", b"close")
_METHODS = b"GET, POST, OPTIONS"
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9_, -]{1,1000}")


class Answer:
    """One answer, ready to be sent any number of times."""

    __slots__ = ("_full", "_plain", "_server_headers", "body", "headers", "status")

    def __init__(self, status: int, body: bytes, content_type: bytes = b"application/json", *more: Header) -> None:
        self.status = status
        self.body: dict[str, Any] = {"type": "http.response.body", "body": body}
        self.headers: list[Header] = [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            *more,
        ]
        self._plain = {"type": "http.response.start", "status": status, "headers": self.headers}
        self._full = b""
        self._server_headers: list[Header] | None = None

    async def send(self, send: Send, more: list[Header] | None = None) -> None:
        """Send it, with headers of this one request."""
        if more:
            await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *more]})
        else:
            await send(self._plain)
        await send(self.body)

    def in_full(self, server_headers: list[Header], more: list[Header] | None, *, is_last: bool) -> bytes:
        """All of it as bytes, for a connection to write."""
        if more or is_last:
            return self._bytes([*server_headers, *(more or ()), *((_CLOSE,) if is_last else ())])
        if server_headers is not self._server_headers:  # they are made anew once a second, for the date in them
            self._full = self._bytes(server_headers)
            self._server_headers = server_headers
        return self._full

    def _bytes(self, more: list[Header]) -> bytes:
        lines = [b"HTTP/1.1 %d %b" % (self.status, HTTPStatus(self.status).phrase.encode())]
        lines += [b"%b: %b" % header for header in (*more, *self.headers)]
        body: bytes = self.body["body"]
        return b"\r\n".join([*lines, b"", body])


def refusal(status: int, message: str, *more: Header) -> Answer:
    """An answer that says why not, in one line."""
    return Answer(status, msgspec.json.encode({"error": message}), b"application/json", *more)


def retry_after(status: int, message: str, seconds: int) -> Answer:
    """Not kept; send it again, after so many seconds."""
    return refusal(status, message, (b"retry-after", str(seconds).encode()))


SUCCESS = Answer(200, b'{"success":true}')
# One transparent pixel, for clients that send with an image element. It must never come from a cache: then nothing
# would be sent.
PIXEL = Answer(
    200,
    b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    b"image/gif",
    (b"cache-control", b"no-store"),
)
WRONG_KEY = refusal(401, "unknown or missing write key")
NOT_ALLOWED = refusal(405, "this address does not take this method")
BUSY = retry_after(503, "the collector is busy; send again", 5)
FAILED = retry_after(500, "the collector failed; nothing was kept", 30)


class Origins:
    """Which pages of browsers may read answers (CORS)."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._is_any = "*" in allowed
        self._allowed = {each.lower().encode() for each in allowed}
        self._headers: dict[bytes, list[Header]] = {}

    def headers_for(self, origin: bytes) -> list[Header]:
        """What lets a page of `origin` read the answer; only `Vary` when it may not."""
        is_listed = origin.lower() in self._allowed and origin != b"*"
        if not is_listed and not self._is_any:
            return [(b"vary", b"origin")]
        headers = [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        if is_listed:
            # Some clients send cookies along. Nothing here reads or sets one.
            headers.append((b"access-control-allow-credentials", b"true"))
        return headers

    def preflight(self, origin: bytes | None, wanted_headers: bytes) -> Answer:
        """The answer to a browser that asks before it sends; `headers_for` go with it."""
        if origin is None:
            return Answer(200, b"", b"text/plain", (b"allow", _METHODS))
        if len(self.headers_for(origin)) == 1:
            return refusal(403, "this origin is not among allowed_origins")
        headers = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
        ]
        if _HEADER_NAMES.fullmatch(wanted_headers):
            headers.append((b"access-control-allow-headers", wanted_headers))
        return Answer(200, b"", b"text/plain", *headers)


@lru_cache(maxsize=1000)
def received(event_count: int) -> Answer:
    """The answer to our own protocol. How many of them are good, ingest says."""
    return Answer(200, b'{"received":%d}' % event_count)


def with_headers(send: Send, more: list[Header] | None) -> Send:
    """A `send` that adds headers to whatever answer passes through it."""
    if not more:
        return send

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return send_with_headers


async def refuse_and_linger(answer: Answer, more: list[Header] | None, receive: Receive, send: Send) -> None:
    """Answer before the body was read, then close the connection.

    What still arrives is read for a moment and thrown away: closing over it would make the kernel reset the connection,
    and the client might never see the answer.
    """
    headers = [*answer.headers, *(more or []), _CLOSE]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body["body"], "more_body": True})
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
