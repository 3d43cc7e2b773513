"""Sending the spool to the broker: segment by segment, the oldest first, each removed when the broker has all of it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipelines.collector.kafka_limits import KafkaNumbers
from pipelines.collector.kafka_sender import Sender, Sending
from pipelines.collector.spool import Spool, read_chunks, source_of

log = logging.getLogger(__name__)


class StillAwayError(Exception):
    """The broker went away again while the spool was sent; what is left of it stays."""


class SpoolForwarder:
    """Knows how far it came in a segment, so that a broker that comes and goes gets few lines twice."""

    def __init__(self, spool: Spool, numbers: KafkaNumbers, delivery_seconds: float) -> None:
        self._spool = spool
        self._numbers = numbers
        self._delivery_seconds = delivery_seconds
        self._positions: dict[Path, int] = {}

    async def send(self, sender: Sender, segments: Sequence[Path]) -> None:
        """Send finished segments; the spool's lock is held. StillAwayError when the broker does not take them."""
        for segment in segments:
            for lines, end in read_chunks(segment, self._positions.get(segment, 0)):
                await self._send_lines(sender, source_of(segment), lines)
                self._positions[segment] = end
            segment.unlink()
            self._positions.pop(segment, None)

    async def _send_lines(self, sender: Sender, source: str, lines: list[bytes]) -> None:
        sending = sender.send(source, lines)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sending.done), self._delivery_seconds)
        if not sending.done.done() or sending.undelivered:
            raise StillAwayError
        await self.set_aside(sending)
        self._numbers.forwarded_count += len(lines)

    async def set_aside(self, sending: Sending) -> None:
        """Keep the lines that the broker will never take where a person finds them."""
        if sending.refused:
            lines = [sending.lines[row] for row in sorted(sending.refused)]
            await self._spool.keep_refused(sending.source, lines)
            self._numbers.refused_count += len(lines)
            log.error("the broker will never take %d lines (%s); they are kept apart", len(lines), sending.reason)
