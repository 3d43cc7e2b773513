"""Reading a range of a topic's partition: the records with offsets in it, by source, each as one line.

Offsets are assigned, never committed: how far the lake is stands in the lake. Reading the same range again gives the
same bytes, whoever reads it.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipelines.ingest.blocks import Block, RangeContent
from pipelines.ingest.kafka_segments import parse_segment
from pipelines.ingest.plan_records import explain_kafka_error
from pipelines.ingest.ranges import LandingRange
from pipelines.kafka_topic import REQUEST_SECONDS, SOURCE_HEADER, BrokerAwayError, KafkaTopic, client_properties
from pipelines.landing import SOURCE_NAME
from schemas.errors import MaidianError

MAX_RECORDS_A_CALL = 10_000
WAIT_SECONDS = 0.5  # one call waits so long only when the partition has holes or the broker is slow
SILENCE_SECONDS = 3 * REQUEST_SECONDS  # a broker that restarts is back by then; ingest goes on from there by itself

_MAX_SOURCE_CHARACTERS = 100
_FINAL_ERRORS = ("TOPIC_AUTHORIZATION_FAILED",)  # all others pass when the broker is back, or end in silence


@dataclass
class _Lines:
    """The records of one source so far."""

    lines: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    originals: dict[int, bytes] = field(default_factory=dict)

    def add(self, offset: int, value: bytes) -> None:
        # A record is one line whatever it holds. A carriage return is what a line feed is to JSON: white space between
        # its parts, an error within a string.
        if b"\n" in value:
            self.originals[len(self.lines)] = value
            value = value.replace(b"\n", b"\r")
        self.lines.append(value)
        self.offsets.append(offset)


def read_records(wanted: LandingRange, topic: KafkaTopic) -> RangeContent:
    """The range's records. BrokerAwayError when the broker does not answer, MaidianError when they are no longer there."""
    nothing = [Block(wanted.source, b"")]  # so that the range is counted as done all the same
    if wanted.is_gone:
        return RangeContent(nothing, wanted.end, wanted.ingested_at, wanted.end - wanted.start)
    by_source: dict[str, _Lines] = {}
    latest_millis, count = 0, 0
    for message in _messages(wanted, topic):
        source = _source_of(message) or wanted.source
        by_source.setdefault(source, _Lines()).add(message.offset(), message.value() or b"")
        latest_millis = max(latest_millis, message.timestamp()[1])
        count += 1
    blocks = [
        Block(
            source, b"".join(line + b"\n" for line in each.lines), 0, np.array(each.offsets, np.int64), each.originals
        )
        for source, each in sorted(by_source.items())
    ]
    # A client may set any time; the day a reject was landed is then that of the ingest.
    is_plausible = 0 < latest_millis <= wanted.ingested_at.timestamp() * 1000
    received_at = datetime.fromtimestamp(latest_millis / 1000, UTC) if is_plausible else wanted.ingested_at
    return RangeContent(blocks or nothing, wanted.end, received_at, wanted.end - wanted.start - count)


def _messages(wanted: LandingRange, topic: KafkaTopic) -> Iterator[Any]:
    """Every record of the range in order, and no other."""
    from confluent_kafka import Consumer, TopicPartition

    own = {
        "group.id": "maidian-ingest",  # the library wants one; with assigned offsets no group is ever joined
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "check.crcs": True,
        "queued.min.messages": MAX_RECORDS_A_CALL,
        "fetch.wait.max.ms": 100,
    }
    consumer = Consumer(client_properties(topic, own))
    try:
        consumer.assign([TopicPartition(topic.name, parse_segment(wanted.segment).partition, wanted.start)])
        position = wanted.start
        heard_at = time.monotonic()
        while position < wanted.end:
            messages = consumer.consume(min(MAX_RECORDS_A_CALL, wanted.end - position), WAIT_SECONDS)
            for message in messages:
                error = message.error()
                if error is None or error.name() == "_PARTITION_EOF":
                    heard_at = time.monotonic()
                    position = (message.offset() or 0) + (error is None)
                    if error is None and position <= wanted.end:
                        yield message
                    if error is not None and position < wanted.end:
                        raise _became_shorter(wanted, position)
                elif error.name() == "_AUTO_OFFSET_RESET":
                    raise MaidianError(
                        f"{wanted.segment}: records from offset {position} went away while they were being read; run again"
                    )
                elif error.name() in _FINAL_ERRORS:
                    raise explain_kafka_error(topic, error)
            if time.monotonic() - heard_at > SILENCE_SECONDS:
                raise BrokerAwayError(f"{topic} does not answer; ingest goes on where it was when it is run again")
    finally:
        consumer.close()


def _became_shorter(wanted: LandingRange, end: int) -> MaidianError:
    return MaidianError(
        f"{wanted.segment} ends at offset {end}, though it reached {wanted.end} a moment ago; run again"
    )


def _source_of(message: Any) -> str | None:
    """The source that a record's header names; None when there is no header, or it is no source's name."""
    for name, value in message.headers() or ():
        if name == SOURCE_HEADER and isinstance(value, bytes) and len(value) <= _MAX_SOURCE_CHARACTERS:
            text = value.decode("ascii", "replace")
            return text if SOURCE_NAME.fullmatch(text) else None
    return None
