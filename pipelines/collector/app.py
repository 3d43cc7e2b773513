"""The collector as an ASGI application: a request in, its events kept, an answer out.

It reads what arrives in pieces, is long, zipped or asked for with `Expect`; what arrives as a whole, the connection hands
to the intake itself (whole_requests.py). Read `Collector._answer` from top to bottom: the key, the body, the limits, the
translation, the landing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipelines.collector.answers import (
    NOT_ALLOWED,
    SUCCESS,
    WRONG_KEY,
    Answer,
    Origins,
    Send,
    refuse_and_linger,
    with_headers,
)
from pipelines.collector.body import BodyBudget, BodyReader, DisconnectedError, Receive
from pipelines.collector.heading import Heading, read_heading
from pipelines.collector.intake import Intake
from pipelines.collector.metrics import CLIENT_GONE
from pipelines.collector.protocols.routes import ROUTES, Route
from pipelines.collector.protocols.segment import ignore_metrics
from pipelines.collector.settings import CollectorSettings

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BIG_BODY_BYTES = 256 * 1024  # translated beside the event loop, so that others are answered meanwhile

_ROUTES = {route.path: route for route in ROUTES}


class Collector:
    """One worker's application."""

    def __init__(self, settings: CollectorSettings, intake: Intake, origins: Origins, pages: Application) -> None:
        """Put together what the server made; `pages` answers at every address where nothing is collected."""
        self._intake = intake
        self._origins = origins
        self._pages = pages
        self._budget = BodyBudget(settings.max_body_bytes, settings.max_buffered_bytes)
        self._translating = ThreadPoolExecutor(1, "translation")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        started = time.monotonic()
        heading = read_heading(scope["headers"])
        more = self._origins.headers_for(heading.origin) if heading.origin else None
        if scope["method"] == "OPTIONS":
            await self._origins.preflight(heading.origin, heading.wanted_headers).send(send, more)
            return
        route = route_at(scope["path"])
        if route is None:
            await self._pages(scope, receive, with_headers(send, more))
            return
        reader = BodyReader(self._budget)
        metrics = self._intake.metrics
        try:
            answer = await self._answer(route, scope, receive, heading, reader)
        except DisconnectedError:
            metrics.count_answer(route.protocol, CLIENT_GONE, time.monotonic() - started)
            return
        finally:
            reader.release()
        metrics.count_answer(route.protocol, answer.status, time.monotonic() - started)
        if reader.is_done:
            await answer.send(send, more)
        else:
            await refuse_and_linger(answer, more, receive, send)

    async def _answer(
        self, route: Route, scope: Scope, receive: Receive, heading: Heading, reader: BodyReader
    ) -> Answer:
        """Keep what a request brings, and say so, or why not."""
        intake = self._intake
        method: str = scope["method"]
        query: bytes = scope["query_string"]
        try:
            if method not in route.methods:
                return NOT_ALLOWED
            if route.translate is ignore_metrics:  # it names no key, and nothing of it is kept
                await reader.read(receive, heading.content_length)
                return SUCCESS
            key = intake.key_of(heading, query)
            holder = None if key is None else intake.holder(key)
            if holder is None and (key is not None or route.protocol != "segment"):
                return WRONG_KEY
            body = await reader.read(receive, heading.content_length)
            holder = holder or intake.holder_in_body(route, body)
            if holder is None:
                return WRONG_KEY
            request = intake.request(route, query, heading, body, holder)
            if len(body) < BIG_BODY_BYTES:
                translation = intake.translate(route, request)
            else:
                loop = asyncio.get_running_loop()
                translation = await loop.run_in_executor(self._translating, intake.translate, route, request)
            await intake.keep(route, holder, translation)
            return intake.accept(route, method, holder, len(body), translation)
        except DisconnectedError:
            raise
        except Exception as error:  # noqa: BLE001 -- the last place that can turn our bug into an answer
            return intake.refusal(route, error)


def route_at(path: str) -> Route | None:
    """The route of a path. A slash too many, as clients make of an address that ends in one, does not matter."""
    found = _ROUTES.get(path)
    if found is None and (path.endswith("/") or "//" in path):
        found = _ROUTES.get("/" + "/".join(part for part in path.split("/") if part))
    return found
