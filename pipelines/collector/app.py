"""The collector as an ASGI application: a request in, its events kept, an answer out.

Read `Collector._collect` from top to bottom: the key, the body, the limits, the translation, the landing. No line that
is logged here holds a key, an address or anything else a client sent.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from pipelines.collector.addresses import address_filter
from pipelines.collector.answers import (
    BUSY,
    FAILED,
    NOT_ALLOWED,
    PIXEL,
    SUCCESS,
    WRONG_KEY,
    Answer,
    Origins,
    Send,
    received,
    refusal,
    refuse_and_linger,
    retry_after,
    with_headers,
)
from pipelines.collector.body import BodyBudget, BodyError, BodyReader, DisconnectedError, Receive, is_short
from pipelines.collector.heading import Heading, key_of_query, read_heading
from pipelines.collector.keys import KeyHolder, WriteKeys, key_of_body
from pipelines.collector.landing import Landing, LandingError, LandingSlowError
from pipelines.collector.metrics import CLIENT_GONE, Metrics
from pipelines.collector.protocols.load_mapping import Mappings
from pipelines.collector.protocols.routes import ROUTES, Route
from pipelines.collector.protocols.segment import ignore_metrics
from pipelines.collector.protocols.translation import Request, Translation, UnreadableError
from pipelines.collector.rate_limit import RateLimits
from pipelines.collector.settings import CollectorSettings

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HOLD_STEP_SECONDS = 0.25  # how often a held request looks for room
MAX_HELD_REQUESTS = 200  # in one worker; more would only fill its memory
BIG_BODY_BYTES = 256 * 1024  # translated beside the event loop, so that others are answered meanwhile

_ROUTES = {route.path: route for route in ROUTES}


class RateLimitedError(LandingError):
    """This key sends more than it may."""

    retry_after_seconds = 1


class Collector:
    """One worker's application."""

    def __init__(
        self,
        settings: CollectorSettings,
        landing: Landing,
        mappings: Mappings,
        rate_limits: RateLimits,
        metrics: Metrics,
        pages: Application,
    ) -> None:
        """Put together what the server made; `pages` answers at every address where nothing is collected."""
        self._settings = settings
        self._landing = landing
        self._mappings = mappings
        self._rate_limits = rate_limits
        self._metrics = metrics
        self._pages = pages
        self._keys = WriteKeys(settings.sources)
        self._origins = Origins(settings.allowed_origins)
        self._budget = BodyBudget(settings.max_body_bytes, settings.max_buffered_bytes)
        self._without_addresses = address_filter(settings.ip_addresses)
        self._held_count = 0
        self._clock = _Clock()
        self._translating = ThreadPoolExecutor(1, "translation")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        started = time.perf_counter()
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
        try:
            answer = await self._answer(route, scope, receive, heading, reader)
        except DisconnectedError:
            self._metrics.count_answer(route.protocol, CLIENT_GONE, time.perf_counter() - started)
            return
        finally:
            reader.release()
        self._metrics.count_answer(route.protocol, answer.status, time.perf_counter() - started)
        if reader.is_done:
            await answer.send(send, more)
        else:
            await refuse_and_linger(answer, more, receive, send)

    async def _answer(
        self, route: Route, scope: Scope, receive: Receive, heading: Heading, reader: BodyReader
    ) -> Answer:
        """Keep what a request brings, and say so, or why not."""
        try:
            if scope["method"] not in route.methods:
                return NOT_ALLOWED
            if route.translate is ignore_metrics:  # it names no key, and nothing of it is kept
                await reader.read(receive, heading.content_length)
                return SUCCESS
            query: bytes = scope["query_string"]
            key = heading.key or key_of_query(query)
            holder = None if key is None else self._keys.holder(key)
            if holder is None and (key is not None or route.protocol != "segment"):
                return WRONG_KEY
            message = await receive() if is_short(heading.content_length) else None
            if message is not None and reader.is_whole(message):
                body: bytes = message["body"]  # nearly every request: all of it arrived at once
            else:
                body = await reader.read(receive, heading.content_length, message)
            if holder is None:
                holder = self._keys.holder(key_of_body(body) or b"")
                if holder is None:
                    return WRONG_KEY
            request = Request(
                path=scope["path"],
                query=query.decode("latin-1"),
                headers=heading.for_protocol,
                body=body,
                received_at=self._clock.now_text(),
                source=holder.source,
                max_bytes=self._settings.max_body_bytes,
            )
            if len(body) < BIG_BODY_BYTES:
                translation = self._translate(route, request)
            else:
                work = partial(self._translate, route, request)
                translation = await asyncio.get_running_loop().run_in_executor(self._translating, work)
            if route.protocol == "sensors":
                await self._hold(partial(self._keep, holder, translation))
            elif holder.max_requests_per_second:
                await self._keep(holder, translation)
            else:
                await self._landing.append(holder.source, translation.lines, translation.unmapped)
            self._metrics.count_kept(holder.source, len(body), translation)
            return answer_to(route, scope["method"], translation)
        except (BodyError, UnreadableError, LandingError) as error:
            return self._refusal(route, error)
        except DisconnectedError:
            raise
        except Exception as error:  # noqa: BLE001 -- the last place that can turn our bug into an answer
            # The message of an error may quote what was sent; where it was raised does not.
            log.error("a request to %s failed: %s at %s", route.path, type(error).__name__, _place_of(error))  # noqa: TRY400
            return FAILED

    def _translate(self, route: Route, request: Request) -> Translation:
        """Lines of a request, without the addresses of people."""
        translation = route.translate(request, self._mappings.of(request.source))
        if self._without_addresses is not None:
            translation.lines = self._without_addresses(translation.lines)
            if translation.unmapped:
                translation.unmapped = self._without_addresses(translation.unmapped)
        return translation

    def _refusal(self, route: Route, error: BodyError | UnreadableError | LandingError) -> Answer:
        """Why a request was not kept, as its client understands it."""
        if isinstance(error, RateLimitedError):
            # Clients of Sensors Analytics throw away what is answered with 429.
            self._metrics.count_not_kept("rate_limit")
            status = 503 if route.protocol == "sensors" else 429
            return retry_after(status, "too many requests with this key; send again", error.retry_after_seconds)
        if isinstance(error, LandingError):
            self._metrics.count_not_kept("slow" if isinstance(error, LandingSlowError) else "full")
            return retry_after(503, "the events could not be kept; send them again", error.retry_after_seconds)
        if error.status == BUSY.status:
            self._metrics.count_not_kept("buffer")
            return BUSY
        return refusal(error.status, str(error))

    async def _keep(self, holder: KeyHolder, translation: Translation) -> None:
        """Make a request durable, within its key's limit."""
        limit = holder.max_requests_per_second
        if limit and self._rate_limits.is_over(holder.number, limit):
            raise RateLimitedError
        await self._landing.append(holder.source, translation.lines, translation.unmapped)

    async def _hold(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Try until there is room or patience ends: this client may throw away what it is told to send again."""
        give_up_at = time.monotonic() + self._settings.hold_seconds
        while True:
            try:
                return await keep()
            except LandingError:
                if time.monotonic() > give_up_at or self._held_count >= MAX_HELD_REQUESTS:
                    raise
            self._held_count += 1
            try:
                await asyncio.sleep(HOLD_STEP_SECONDS)
            finally:
                self._held_count -= 1


class _Clock:
    """The time as text, for every request: the part down to the second is made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now_text(self) -> str:
        """Now, in UTC, to the microsecond."""
        second, micros = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{micros:06d}Z"


def route_at(path: str) -> Route | None:
    """The route of a path. A slash too many, as clients make of an address that ends in one, does not matter."""
    found = _ROUTES.get(path)
    if found is None and (path.endswith("/") or "//" in path):
        found = _ROUTES.get("/" + "/".join(part for part in path.split("/") if part))
    return found


def answer_to(route: Route, method: str, translation: Translation) -> Answer:
    """Exactly 200 and something small: a pixel for whoever asked for an image, else JSON."""
    if route.protocol == "native":
        return received(len(translation.lines))
    return PIXEL if method == "GET" else SUCCESS


def _place_of(error: BaseException) -> str:
    """File and line that raised an error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
