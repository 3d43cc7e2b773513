"""Sending lines to a topic as records, and hearing of each whether the broker has it.

A record is one event: its value the line, its header `source` the source, its key the customer, else the device. So one
buyer's events, and every repeat of one event, stand in one partition in the order in which they were sent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from pipelines.kafka_topic import SOURCE_HEADER, KafkaTopic, client_properties

QUEUE_MESSAGES = 1_000_000  # more than the requests that may wait hold; the landing counts bytes before that
HEAR_SECONDS = 0.002  # adds to the answer's time, of which the broker's own is some milliseconds

_TOO_LARGE = ("MSG_SIZE_TOO_LARGE", "INVALID_RECORD", "INVALID_MSG")
"""The broker, or the library, will never take these, however often they are sent."""


class _Who(msgspec.Struct):
    customer_id: Any = None
    anonymous_id: Any = None


_WHO = msgspec.json.Decoder(_Who)


@dataclass
class Sending:
    """Lines under way. `done` has a result once each is delivered, or surely will not be by this sender."""

    source: str
    lines: Sequence[bytes]
    done: "asyncio.Future[None]"
    undelivered: list[int] = field(default_factory=list)
    """Which lines the broker may not have; it may have one of them when the answer got lost."""
    refused: list[int] = field(default_factory=list)
    """Which lines it will never take."""
    reason: str = ""
    waiting_count: int = 0
    """Lines whose report is not in."""

    def note(self, row: int, name: str, reason: str) -> None:
        """Line `row` failed."""
        (self.refused if name in _TOO_LARGE else self.undelivered).append(row)
        self.reason = reason

    def finish(self) -> None:
        """Every report is in, or none is waited for any more."""
        if not self.done.done():
            self.done.set_result(None)

    def rest(self) -> list[bytes]:
        """The lines to be sent again: from the first undelivered one on, so that their order holds."""
        if not self.undelivered:
            return []
        never = set(self.refused)
        return [line for row, line in enumerate(self.lines) if row >= min(self.undelivered) and row not in never]


class Sender:
    """A producer whose reports are heard in the event loop it was made in, now and then while anything is under way.

    A thread that waits for reports would fight the loop for the interpreter at each of them.
    """

    def __init__(self, topic: KafkaTopic, delivery_seconds: float) -> None:
        """Whoever sends waits for `delivery_seconds` and then abandons the sender."""
        from confluent_kafka import Producer

        millis = int(delivery_seconds * 1000)
        chosen = {"compression.type": "lz4", "linger.ms": 5, "partitioner": "murmur2_random"}
        ours = {
            "acks": "all",
            "enable.idempotence": True,
            # No line gives up by itself: the next one could reach the broker before it is sent again. All are given
            # up together, by `abandon`.
            "message.timeout.ms": 0,
            "request.timeout.ms": millis,
            "socket.timeout.ms": max(millis, 1000),
            "queue.buffering.max.messages": QUEUE_MESSAGES,
            "queue.buffering.max.kbytes": 1 << 20,
            "reconnect.backoff.max.ms": 1000,
        }
        self._producer = Producer({**chosen, **client_properties(topic, ours)})
        self._topic = topic.name
        self._loop = asyncio.get_running_loop()
        self._under_way_count = 0
        self._is_abandoned = False
        self._hearing: asyncio.TimerHandle | None = None

    def send(self, source: str, lines: Sequence[bytes]) -> Sending:
        """Put the lines under way. After `abandon` none is: a line must not overtake those that were given up."""
        from confluent_kafka import KafkaException

        sending = Sending(source, lines, self._loop.create_future())
        if self._is_abandoned:
            sending.undelivered.extend(range(len(lines)))
            sending.finish()
            return sending
        headers: list[tuple[str, str | bytes | None]] = [(SOURCE_HEADER, source.encode())]
        for row, line in enumerate(lines):
            report = partial(self._note, sending, row)
            try:
                self._producer.produce(self._topic, line, key_of(line), headers=headers, on_delivery=report)
                sending.waiting_count += 1
            except BufferError:
                sending.note(row, "_QUEUE_FULL", "too much waits to be sent")
            except KafkaException as exception:
                error = exception.args[0]
                sending.note(row, error.name(), error.str())
        self._under_way_count += sending.waiting_count
        if not sending.waiting_count:
            sending.finish()
        self._hear_soon()
        return sending

    def abandon(self) -> None:
        """Stop trying: whatever is not acknowledged yet is undelivered, and is told so soon."""
        self._is_abandoned = True
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)

    async def close(self) -> None:
        """Let go of the connection. What was not awaited before is lost."""
        if self._hearing is not None:
            self._hearing.cancel()
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        del self._producer  # which waits for its threads

    def _hear_soon(self) -> None:
        if self._hearing is None and self._under_way_count:
            self._hearing = self._loop.call_later(HEAR_SECONDS, self._hear)

    def _hear(self) -> None:
        self._hearing = None
        self._producer.poll(0)
        self._hear_soon()

    def _note(self, sending: Sending, row: int, error: Any, _message: Any) -> None:
        if error is not None:
            sending.note(row, error.name(), error.str())
            if sending.undelivered and not self._is_abandoned:  # then none behind it may go through
                self.abandon()
        self._under_way_count -= 1
        sending.waiting_count -= 1
        if not sending.waiting_count:
            sending.finish()


def key_of(line: bytes) -> bytes | None:
    """The key of a record: who did it; None when the line does not say, as one that is no event."""
    try:
        who = _WHO.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    name = who.customer_id or who.anonymous_id
    return name.encode("utf-8", "surrogatepass") if isinstance(name, str) else None
