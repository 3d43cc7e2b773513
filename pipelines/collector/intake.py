"""What becomes of a request whose body is here: its key, its events, the landing, and what its client is told.

Used by the ASGI application (app.py) and by connections themselves (whole_requests.py). No line that is logged here
holds a key, an address or anything else a client sent.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from pipelines.collector.addresses import address_filter
from pipelines.collector.answers import BUSY, FAILED, PIXEL, SUCCESS, WRONG_KEY, Answer, received, refusal, retry_after
from pipelines.collector.body import BodyError
from pipelines.collector.heading import Heading, key_of_query
from pipelines.collector.keys import KeyHolder, WriteKeys, key_of_body
from pipelines.collector.landing import Landing, LandingError, LandingSlowError
from pipelines.collector.metrics import Metrics
from pipelines.collector.protocols.load_mapping import Mappings
from pipelines.collector.protocols.routes import Route
from pipelines.collector.protocols.segment import ignore_metrics
from pipelines.collector.protocols.translation import Request, Translation, UnreadableError
from pipelines.collector.rate_limit import RateLimits
from pipelines.collector.settings import CollectorSettings

log = logging.getLogger(__name__)

HOLD_STEP_SECONDS = 0.25  # how often a held request looks for room
MAX_HELD_REQUESTS = 200  # in one worker; more would only fill its memory


class RateLimitedError(LandingError):
    """This key sends more than it may."""

    retry_after_seconds = 1


class Intake:
    """One worker's."""

    def __init__(
        self,
        settings: CollectorSettings,
        landing: Landing,
        mappings: Mappings,
        rate_limits: RateLimits,
        metrics: Metrics,
    ) -> None:
        """Put together what the server made."""
        self.metrics = metrics
        self._settings = settings
        self._landing = landing
        self._mappings = mappings
        self._rate_limits = rate_limits
        self._keys = WriteKeys(settings.sources)
        self._without_addresses = address_filter(settings.ip_addresses)
        self._held_count = 0
        self._clock = _Clock()

    def take(
        self, route: Route, method: str, query: bytes, heading: Heading, body: bytes, answer: Callable[[Answer], None]
    ) -> None:
        """Keep a request that is here as a whole; `answer` is called when there is one, perhaps at once."""
        try:
            if route.translate is ignore_metrics:  # it names no key, and nothing of it is kept
                answer(SUCCESS)
                return
            key = self.key_of(heading, query)
            holder = self.holder(key) if key is not None else self.holder_in_body(route, body)
            if holder is None:
                answer(WRONG_KEY)
                return
            translation = self.translate(route, self.request(route, query, heading, body, holder))
            kept = asyncio.ensure_future(self.keep(route, holder, translation))
        except Exception as error:  # noqa: BLE001 -- the last place that can turn our bug into an answer
            answer(self.refusal(route, error))
            return

        def finish(kept: "asyncio.Future[None]") -> None:
            if kept.cancelled():
                answer(FAILED)
            elif error := kept.exception():
                answer(self.refusal(route, error))
            else:
                answer(self.accept(route, method, holder, len(body), translation))

        kept.add_done_callback(finish)

    def key_of(self, heading: Heading, query: bytes) -> bytes | None:
        """The key in the headers or the address."""
        return heading.key or key_of_query(query)

    def holder(self, key: bytes) -> KeyHolder | None:
        """Whose key it is."""
        return self._keys.holder(key)

    def holder_in_body(self, route: Route, body: bytes) -> KeyHolder | None:
        """Whose key the body names; only Segment's browser client says it there."""
        if route.protocol != "segment":
            return None
        return self._keys.holder(key_of_body(body) or b"")

    def request(self, route: Route, query: bytes, heading: Heading, body: bytes, holder: KeyHolder) -> Request:
        """What a protocol is handed."""
        return Request(
            path=route.path,
            query=query.decode("latin-1"),
            headers=heading.for_protocol,
            body=body,
            received_at=self._clock.now_text(),
            source=holder.source,
            max_bytes=self._settings.max_body_bytes,
        )

    def translate(self, route: Route, request: Request) -> Translation:
        """Lines of a request, without the addresses of people."""
        translation = route.translate(request, self._mappings.of(request.source))
        if self._without_addresses is not None:
            translation.lines = self._without_addresses(translation.lines)
            if translation.unmapped:
                translation.unmapped = self._without_addresses(translation.unmapped)
        return translation

    def keep(self, route: Route, holder: KeyHolder, translation: Translation) -> Awaitable[None]:
        """Make a request durable, within its key's limit."""
        if route.protocol == "sensors":
            return self._hold(holder, translation)
        return self._keep(holder, translation)

    def accept(self, route: Route, method: str, holder: KeyHolder, byte_count: int, translation: Translation) -> Answer:
        """Count a request that is durable, and say so."""
        self.metrics.count_kept(holder.source, byte_count, translation)
        # Exactly 200 and something small: a pixel for whoever asked for an image, else JSON.
        if route.protocol == "native":
            return received(len(translation.lines))
        return PIXEL if method == "GET" else SUCCESS

    def refusal(self, route: Route, error: BaseException) -> Answer:
        """Why a request was not kept, as its client understands it."""
        if isinstance(error, RateLimitedError):
            # Clients of Sensors Analytics throw away what is answered with 429.
            self.metrics.count_not_kept("rate_limit")
            status = 503 if route.protocol == "sensors" else 429
            return retry_after(status, "too many requests with this key; send again", error.retry_after_seconds)
        if isinstance(error, LandingError):
            self.metrics.count_not_kept("slow" if isinstance(error, LandingSlowError) else "full")
            return retry_after(503, "the events could not be kept; send them again", error.retry_after_seconds)
        if not isinstance(error, BodyError | UnreadableError):
            # The message of an error may quote what was sent; where it was raised does not.
            log.error("a request to %s failed: %s at %s", route.path, type(error).__name__, _place_of(error))
            return FAILED
        if error.status == BUSY.status:
            self.metrics.count_not_kept("buffer")
            return BUSY
        return refusal(error.status, str(error))

    def _keep(self, holder: KeyHolder, translation: Translation) -> Awaitable[None]:
        limit = holder.max_requests_per_second
        if limit and self._rate_limits.is_over(holder.number, limit):
            raise RateLimitedError
        return self._landing.append(holder.source, translation.lines, translation.unmapped)

    async def _hold(self, holder: KeyHolder, translation: Translation) -> None:
        """Try until there is room or patience ends: this client may throw away what it is told to send again."""
        give_up_at = time.monotonic() + self._settings.hold_seconds
        while True:
            try:
                return await self._keep(holder, translation)
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


def _place_of(error: BaseException) -> str:
    """File and line that raised an error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
