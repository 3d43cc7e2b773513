"""The Kafka landing: a request is answered when the broker has all of it, or, while that is away, when the spool has.

Two states. *Direct*: lines go to the broker. The first line that is not acknowledged in time ends that: the sender is
abandoned, whatever was under way goes to the spool in the order it came, and only then new requests do. *Spooling*: lines
go to disk; once the broker answers, the spool is sent, the oldest first, and when nothing is left, the landing is direct
again. While it changes over, new requests wait, so no line overtakes an older one of the same buyer.

A line may reach the broker twice, when its acknowledgement was lost. Its event_id makes it a repeat that ingest drops.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.collector.forward_spool import SpoolForwarder, StillAwayError
from pipelines.collector.group_commit import Commit
from pipelines.collector.kafka_limits import KafkaLandingLimits, KafkaNumbers
from pipelines.collector.kafka_sender import Sender, Sending
from pipelines.collector.landing import LandingError, LandingSlowError
from pipelines.collector.landing_files import FileLandingLimits
from pipelines.collector.spool import Spool
from pipelines.kafka_topic import KafkaTopic, client_properties

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0  # between two looks whether the broker is back
REMIND_SECONDS = 60.0
PIECE_LINES = 10_000  # of one request under way at a time


@dataclass(eq=False)
class _Request:
    """Lines on their way to the broker."""

    sending: Sending
    byte_count: int
    kept: "asyncio.Future[None]"


class KafkaLanding:
    """Keeps requests in a topic. See `Landing`."""

    def __init__(
        self,
        topic: KafkaTopic,
        spool_folder: Path,
        limits: KafkaLandingLimits,
        file_limits: FileLandingLimits,
        on_commit: Callable[[Commit], None] = lambda _commit: None,
        on_numbers: Callable[[KafkaNumbers], None] = lambda _numbers: None,
    ) -> None:
        """Make a landing for the running event loop; `start` before the first `append`."""
        self.topic = topic
        self.numbers = KafkaNumbers()
        self._limits = limits
        self._spool = Spool(spool_folder, limits.max_spool_bytes, file_limits)
        self._on_commit = on_commit
        self._on_numbers = on_numbers
        self._sender: Sender | None = None
        """None while spooling."""
        self._gate = asyncio.Event()
        """Closed while the landing changes over."""
        self._under_way: dict[_Request, None] = {}
        self._under_way_bytes = 0
        self._change: asyncio.Task[None] | None = None
        self._rescues: set[asyncio.Task[None]] = set()
        self._forwarder: asyncio.Task[None] | None = None
        self._spool_forwarder = SpoolForwarder(self._spool, self.numbers, limits.delivery_seconds)
        self._told_at = float("-inf")

    async def start(self) -> None:
        """Look what is left to send, and whether the broker is there. It need not be."""
        await self._spool.start()
        if self._spool.is_empty() and await self._is_reachable():
            self._sender = Sender(self.topic, self._limits.delivery_seconds)
        self._gate.set()
        self._tell_numbers()
        self._forwarder = asyncio.create_task(self._forward())

    async def append(self, source: str, lines: Sequence[bytes], unmapped: Sequence[bytes] = ()) -> None:
        """Keep a request: its lines in the topic or the spool, what is unmapped on disk."""
        started = time.monotonic()
        byte_count = sum(map(len, lines))
        is_kept = False
        try:
            for first in range(0, len(lines), PIECE_LINES):
                await self._keep(source, lines[first : first + PIECE_LINES])
            if unmapped:
                await self._spool.keep_unmapped(source, unmapped)
            is_kept = True
        finally:
            self._on_commit(Commit(1, byte_count, time.monotonic() - started, is_kept=is_kept))
            self._tell_numbers()

    async def close(self) -> None:
        """Let go of everything; what waits in the spool is sent by the next collector."""
        if self._forwarder is not None:
            self._forwarder.cancel()
            with suppress(asyncio.CancelledError):
                await self._forwarder
        if self._change is not None:
            await self._change
        await asyncio.gather(*self._rescues)
        if self._sender is not None:
            await self._sender.close()
        await self._spool.close()

    async def _keep(self, source: str, lines: Sequence[bytes]) -> None:
        while not self._gate.is_set():
            await self._gate.wait()
        if self._sender is None:
            await self._spool.append(source, lines)
            self.numbers.spooled_count += len(lines)
            return
        byte_count = sum(map(len, lines))
        if self._under_way_bytes and self._under_way_bytes + byte_count > self._limits.max_waiting_bytes:
            raise LandingSlowError(f"too much waits for {self.topic}")
        request = _Request(self._sender.send(source, lines), byte_count, asyncio.get_running_loop().create_future())
        request.kept.add_done_callback(lambda kept: kept.exception())  # heard, also when whoever asked has gone
        self._under_way[request] = None
        self._under_way_bytes += byte_count
        request.sending.done.add_done_callback(lambda _done: self._settle(request))
        # Not awaited from here: whoever asked may go away, what is under way stays accounted for.
        seconds = self._limits.delivery_seconds
        timer = asyncio.get_running_loop().call_later(seconds, self._go_away, f"no answer in {seconds:g} s")
        try:
            await asyncio.shield(request.kept)
        finally:
            timer.cancel()

    def _settle(self, request: _Request) -> None:
        """All reports of a request are in."""
        if request.sending.undelivered:
            self._go_away(request.sending.reason)
            return
        if request.sending.refused:
            self._rescues.add(task := asyncio.create_task(self._rescue(request)))
            task.add_done_callback(self._rescues.discard)
            return
        self._forget(request)
        self.numbers.delivered_count += len(request.sending.lines)
        if not request.kept.done():
            request.kept.set_result(None)

    def _forget(self, request: _Request) -> None:
        if request in self._under_way:
            del self._under_way[request]
            self._under_way_bytes -= request.byte_count

    def _go_away(self, reason: str) -> None:
        if self._sender is not None and self._change is None:
            self._gate.clear()
            self._change = asyncio.create_task(self._change_to_spool(self._sender, reason))

    async def _change_to_spool(self, sender: Sender, reason: str) -> None:
        """Put what is under way into the spool, then let new requests follow."""
        log.error("%s does not take events (%s); they are kept in %s", self.topic, reason, self._spool.folder)
        try:
            sender.abandon()
            waiting = [request.sending.done for request in self._under_way]
            if waiting:
                await asyncio.wait(waiting, timeout=self._limits.delivery_seconds)
            self._sender = None
            requests = list(self._under_way)
            # Begun in the order in which they came, and written in that order.
            await asyncio.gather(*(self._rescue(request) for request in requests))
        finally:
            self._sender = None
            self._change = None
            self._gate.set()
            self._tell_numbers()
            await sender.close()

    async def _rescue(self, request: _Request) -> None:
        """Spool what the broker may not have, and answer the request."""
        sending = request.sending
        failure: BaseException | None = None
        try:
            rest = sending.rest() if sending.done.done() else list(sending.lines)
            if rest:
                await self._spool.append(sending.source, rest)
                self.numbers.spooled_count += len(rest)
            await self._spool_forwarder.set_aside(sending)
        except LandingError as error:
            failure = error
        finally:
            self._forget(request)
            if not request.kept.done():
                if failure is None:
                    request.kept.set_result(None)
                else:
                    request.kept.set_exception(failure)

    async def _forward(self) -> None:
        """For ever: while spooling, look whether the broker is back, and send the spool."""
        from confluent_kafka import KafkaException

        while True:
            await asyncio.sleep(RETRY_SECONDS)
            if self._sender is not None or self._change is not None:
                continue
            try:
                await self._come_back()
            except (OSError, LandingError, KafkaException, RuntimeError) as error:  # the next look may find it mended
                self._remind(f"cannot send the spool {self._spool.folder}: {error}")
            self._tell_numbers()

    async def _come_back(self) -> None:
        """Send the spool; when all of it is sent, be direct again."""
        await asyncio.to_thread(self._spool.look)
        if not await self._is_reachable():
            return
        with self._spool.sending() as is_ours:
            if not is_ours:  # another process sends, this one's segments too; then it is our turn
                return
            sender = Sender(self.topic, self._limits.delivery_seconds)
            is_direct = False
            try:
                while segments := await asyncio.to_thread(self._spool.look):
                    await self._spool_forwarder.send(sender, segments)
                self._gate.clear()
                await self._spool.finish_segments()
                await self._spool_forwarder.send(sender, self._spool.look())
                is_direct = True
            except StillAwayError:
                sender.abandon()
            finally:
                if is_direct:
                    self._sender = sender
                    log.warning("%s takes events again; what waited in %s is sent", self.topic, self._spool.folder)
                self._gate.set()
                if not is_direct:
                    await sender.close()

    async def _is_reachable(self) -> bool:
        """Whether the broker answers and has the topic."""
        reason = await asyncio.to_thread(_ask, self.topic, self._limits.delivery_seconds)
        if reason:
            self._remind(f"{self.topic} does not take events ({reason}); they are kept in {self._spool.folder}")
        return reason is None

    def _remind(self, text: str) -> None:
        if time.monotonic() - self._told_at > REMIND_SECONDS:
            self._told_at = time.monotonic()
            log.error(text)

    def _tell_numbers(self) -> None:
        self.numbers.is_away = self._sender is None
        self.numbers.spool_bytes = self._spool.waiting_bytes
        self._on_numbers(self.numbers)


def _ask(topic: KafkaTopic, seconds: float) -> str | None:
    """Why the topic cannot be written now; None when it can. It asks so that no topic is made on the way."""
    from confluent_kafka import KafkaException, TopicCollection
    from confluent_kafka.admin import AdminClient

    heard: list[str] = []  # of each connection that failed; what is asked for just times out, whatever the reason
    admin = AdminClient(client_properties(topic, {"error_cb": lambda error: heard.append(error.str())}))
    try:
        admin.describe_topics(TopicCollection([topic.name]), request_timeout=seconds)[topic.name].result()
    except KafkaException as exception:
        admin.poll(0)
        return heard[0] if heard else str(exception.args[0].str())
    return None
