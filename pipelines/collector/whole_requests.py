"""Requests that arrive as a whole go from their connection straight to the intake.

uvicorn makes a task, an event and a scope for every request, and hands its body over in messages: half of what a small
request costs. Nearly all requests that bring events are a few kilobytes behind one head, and need none of that.
Everything else (pages, preflights, long, chunked or zipped bodies, requests behind one another) takes uvicorn's way.
"""

import time
from typing import ClassVar

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from pipelines.collector.answers import Answer, Origins
from pipelines.collector.body import GZIP_MAGIC
from pipelines.collector.heading import Heading, read_heading
from pipelines.collector.http_guard import GuardedConnection
from pipelines.collector.intake import Intake
from pipelines.collector.metrics import CLIENT_GONE
from pipelines.collector.protocols.routes import ROUTES, Route

WHOLE_BODY_BYTES = 64 * 1024  # as many bodies as there are connections may be in memory
_MOST_DIGITS = 5  # of their Content-Length

_ROUTES = {route.path.encode(): route for route in ROUTES}


class CollectingConnection(GuardedConnection):
    """One connection; `collecting` makes the class for a worker."""

    intake: ClassVar[Intake]
    origins: ClassVar[Origins]
    max_whole_bytes: ClassVar[int] = WHOLE_BODY_BYTES

    _whole: "_WholeRequest | None" = None
    """What is arriving, or with the intake."""
    _is_taken = False
    _is_last = False

    def begin_request(self) -> None:
        """Wait for all of a request that is short, instead of starting a task for it."""
        url, _, query = self.url.partition(b"?")
        route = _ROUTES.get(url)
        if route is not None and self._has_time() and b"#" not in query:
            method = self.parser.get_method().decode("ascii")
            heading = read_heading(self.headers)
            if method in route.methods and self._is_short(heading.content_length):
                self._whole = _WholeRequest(route, method, query, heading)
                return
        super().begin_request()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        if self._whole is None or self._is_taken:
            super().on_body(body)
            return
        self.framing_bytes -= len(body)
        self._whole.pieces.append(body)

    def on_message_complete(self) -> None:
        """Everything of the request is here."""
        whole = self._whole
        if whole is None or self._is_taken:
            super().on_message_complete()
            return
        self.body_since = None
        body = whole.pieces[0] if len(whole.pieces) == 1 else b"".join(whole.pieces)
        if body[:2] == GZIP_MAGIC:  # as much memory as it takes is had from a budget, there
            self._whole = None
            super().begin_request()
            HttpToolsProtocol.on_body(self, body)
            if self._is_last:
                self.cycle.keep_alive = False
            super().on_message_complete()
            return
        self._is_taken = True
        self._is_last |= not self.parser.should_keep_alive() or self.parser.get_http_version() == "1.0"
        self.intake.take(whole.route, whole.method, whole.query, whole.heading, body, self._answer)

    def is_busy(self) -> bool:
        """Whether a request is with the intake, or with the application."""
        return self._is_taken or super().is_busy()

    def shutdown(self) -> None:
        """Close the connection, after the answer that is under way."""
        if self._whole is None:
            super().shutdown()
        else:
            self._is_last = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a client that left in the middle of its request, or was told to."""
        super().connection_lost(exc)
        whole = self._whole
        if whole is not None and not self._is_taken:
            self._whole = None
            self.intake.metrics.count_answer(whole.route.protocol, CLIENT_GONE, time.monotonic() - whole.started)

    def _answer(self, answer: Answer) -> None:
        whole = self._whole
        assert whole is not None
        self._whole = None
        self._is_taken = False
        self.intake.metrics.count_answer(whole.route.protocol, answer.status, time.monotonic() - whole.started)
        if self.is_refused or self.transport.is_closing():
            return
        origin = whole.heading.origin
        more = self.origins.headers_for(origin) if origin else None
        self.transport.write(answer.in_full(self.server_state.default_headers, more, is_last=self._is_last))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
        elif self.pipeline:
            self.flow.resume_reading()
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_since = time.monotonic()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Start a request, or have it wait for the one before it, as uvicorn does between its own."""
        if self._is_taken:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, app))
        else:
            super()._start_asgi_task(cycle, app)

    def _has_time(self) -> bool:
        """Whether nothing is under way on this connection, and what was answered is taken from it."""
        return not (self.is_busy() or self.pipeline or self.expect_100_continue or self.flow.write_paused)

    def _is_short(self, content_length: bytes | None) -> bool:
        if self.parser.should_upgrade():
            return False
        if content_length is None:
            return not any(name == b"transfer-encoding" for name, _value in self.headers)
        return len(content_length) <= _MOST_DIGITS and int(content_length) <= self.max_whole_bytes


class _WholeRequest:
    """A request on its way."""

    __slots__ = ("heading", "method", "pieces", "query", "route", "started")

    def __init__(self, route: Route, method: str, query: bytes, heading: Heading) -> None:
        self.route = route
        self.method = method
        self.query = query
        self.heading = heading
        self.pieces: list[bytes] = []
        self.started = time.monotonic()


def collecting(
    intake: Intake, origins: Origins, max_connections: int, max_body_bytes: int
) -> type[CollectingConnection]:
    """The class of connections for uvicorn to make."""
    own = {
        "intake": intake,
        "origins": origins,
        "max_connections": max_connections,
        "max_whole_bytes": min(WHOLE_BODY_BYTES, max_body_bytes),
    }
    return type("WorkersConnection", (CollectingConnection,), own)
