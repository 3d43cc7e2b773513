"""uvicorn's HTTP/1.1 connection with the limits it has none of: time and size of a head, time of a body, connections.

A connection notes since when it waits, and `sweep` looks at all of them once a second: no timer for each request.
"""

import asyncio
import time
from collections.abc import Iterable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 64 * 1024  # clients that send with an image put some kilobytes of events into the address
MAX_HEADER_COUNT = 100
MAX_FRAMING_BYTES = 256 * 1024  # around the chunks of a body, and trailers behind it: 8 MiB in chunks of 256 bytes
LINGER_SECONDS = 2.0  # how long a client that is refused may go on sending, so that it comes to read the answer


class _RefusedError(Exception):
    """Raised into the parser, which then stops."""


class GuardedConnection(HttpToolsProtocol):
    """One connection."""

    max_connections = 2000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head; refuse one connection too many."""
        super().connection_made(transport)
        self.head_since: float | None = time.monotonic()
        self.body_since: float | None = None
        self.idle_since: float | None = None
        """Since an answer that uvicorn knows nothing of; it closes a connection that is idle after one of its own."""
        self.framing_bytes = 0
        self.is_refused = False
        self._head_bytes = 0
        self._status = 400
        if len(self.connections) > self.max_connections:
            self.refuse(503)

    def data_received(self, data: bytes) -> None:
        """Parse what arrives, unless nothing more is wanted, or too much of it is no body."""
        if self.is_refused:
            return
        if self.body_since is not None:
            self.framing_bytes += len(data)
            if self.framing_bytes > MAX_FRAMING_BYTES + len(data):
                self.refuse(413)
                return
        else:
            if self.head_since is None:
                if self.is_busy():  # a request behind one that is not answered yet; its turn comes
                    super().data_received(data)
                    return
                self.head_since = time.monotonic()
                self.idle_since = None
            self._head_bytes += len(data)
            # The last piece may hold a body besides, so it is judged when its headers are taken apart.
            if self._head_bytes > MAX_HEAD_BYTES + len(data):
                self.refuse(431)
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Start the request; its body may take its time from now on."""
        if len(self.headers) > MAX_HEADER_COUNT or (self._head_bytes > MAX_HEAD_BYTES and self._is_head_too_long()):
            self._status = 431
            raise _RefusedError
        self.begin_request()
        self.head_since = None
        self._head_bytes = self.framing_bytes = 0
        self.body_since = time.monotonic()

    def begin_request(self) -> None:
        """Hand a request whose head is complete to the application."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self.framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Everything of the request is here."""
        self.body_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser refused."""
        self.refuse(self._status)

    def refuse(self, status: int) -> None:
        """Say no and close, reading on for a moment: bytes that nobody reads would make the kernel reset the answer."""
        if self.is_refused or self.transport.is_closing():
            return
        self.is_refused = True
        if self._has_cycle():
            if self.cycle.response_started:
                self.transport.close()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = b'{"error":"%s"}' % HTTPStatus(status).phrase.lower().encode()
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"retry-after: 5\r\nconnection: close\r\n\r\n%s"
            % (status, HTTPStatus(status).phrase.encode(), len(body), body)
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _is_head_too_long(self) -> bool:
        """Whether the head alone is, without what arrived behind it."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES

    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self._has_cycle()

    def _has_cycle(self) -> bool:
        """Whether a request is with the application. uvicorn declares its cycle without saying that there is none yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete


def sweep(
    connections: Iterable[object], head_timeout_seconds: float, body_timeout_seconds: float, keep_alive_seconds: float
) -> None:
    """End the requests that do not arrive in time, and close the connections that none arrives on."""
    now = time.monotonic()
    for connection in list(connections):
        if not isinstance(connection, GuardedConnection):
            continue
        for since, timeout_seconds in (
            (connection.head_since, head_timeout_seconds),
            (connection.body_since, body_timeout_seconds),
        ):
            if since is not None and now - since > timeout_seconds:
                connection.refuse(408)
        if connection.idle_since is not None and now - connection.idle_since > keep_alive_seconds:
            connection.transport.close()
