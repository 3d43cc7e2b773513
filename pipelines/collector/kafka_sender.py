"""Sending lines to a topic as records, and hearing of each whether the broker has it.

A record is one event: its value the line, its header `source` the source, its key the customer, else the device. So one
buyer's events, and every repeat of one event, stand in one partition in the order in which they were sent.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from pipelines.kafka_topic import SOURCE_HEADER, KafkaTopic, client_properties

QUEUE_MESSAGES = 1_000_000  # more than the requests that may wait hold; the landing counts bytes before that
HEAR_SECONDS = 0.1

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
    reported_count: int = 0
    """Written by the listening thread alone."""
    expected_count: int | None = None
    """How many reports there will be; known when all lines are handed over."""

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
    """A producer and the thread that hears its reports. It belongs to the event loop it was made in."""

    def __init__(self, topic: KafkaTopic, delivery_seconds: float) -> None:
        """A line that is not acknowledged within `delivery_seconds` counts as undelivered."""
        from confluent_kafka import Producer

        millis = int(delivery_seconds * 1000)
        chosen = {"compression.type": "lz4", "linger.ms": 2, "partitioner": "murmur2_random"}
        ours = {
            "acks": "all",
            "enable.idempotence": True,
            "message.timeout.ms": millis,
            "request.timeout.ms": millis,
            "socket.timeout.ms": max(millis, 1000),
            "queue.buffering.max.messages": QUEUE_MESSAGES,
            "queue.buffering.max.kbytes": 1 << 20,
            "reconnect.backoff.max.ms": 1000,
        }
        properties = client_properties(topic, ours)
        self._producer = Producer({**chosen, **properties})
        self._topic = topic.name
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._listener = threading.Thread(target=self._hear, name="kafka-reports", daemon=True)
        self._listener.start()

    def send(self, source: str, lines: Sequence[bytes]) -> Sending:
        """Put the lines under way."""
        from confluent_kafka import KafkaException

        sending = Sending(source, lines, self._loop.create_future())
        headers: list[tuple[str, str | bytes | None]] = [(SOURCE_HEADER, source.encode())]
        expected_count = 0
        for row, line in enumerate(lines):
            report = partial(self._note, sending, row)
            try:
                self._producer.produce(self._topic, line, _key(line), headers=headers, on_delivery=report)
                expected_count += 1
            except BufferError:
                sending.note(row, "_QUEUE_FULL", "too much waits to be sent")
            except KafkaException as exception:
                error = exception.args[0]
                sending.note(row, error.name(), error.str())
        sending.expected_count = expected_count
        if sending.reported_count == expected_count:  # else the thread sees, at its last report, what we just wrote
            sending.finish()
        return sending

    def abandon(self) -> None:
        """Stop trying: whatever is not acknowledged yet is undelivered, and is told so at once."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=True)

    async def close(self) -> None:
        """Let go of the connection. What was not awaited before is lost."""
        self._is_closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._listener.join()
        del self._producer

    def _hear(self) -> None:
        while not self._is_closed:
            self._producer.poll(HEAR_SECONDS)

    def _note(self, sending: Sending, row: int, error: Any, _message: Any) -> None:
        """In the listening thread. Only a request's last report is worth waking the loop for."""
        if error is not None:
            sending.note(row, error.name(), error.str())
        sending.reported_count += 1
        if sending.reported_count == sending.expected_count and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(sending.finish)


def _key(line: bytes) -> bytes | None:
    """Who did it; None when the line does not say, as one that is no event."""
    try:
        who = _WHO.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    name = who.customer_id or who.anonymous_id
    return name.encode("utf-8", "surrogatepass") if isinstance(name, str) else None
