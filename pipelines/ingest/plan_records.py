"""What to ingest next of a topic: the offsets of every partition that are not published, cut on a fixed grid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.ingest.kafka_segments import TopicSegment, is_topic_segment, parse_segment
from pipelines.ingest.plan import MAX_CYCLE_RANGES, Plan
from pipelines.ingest.ranges import LandingRange
from pipelines.kafka_topic import REQUEST_SECONDS, BrokerAwayError, KafkaTopic, client_properties, require_library
from pipelines.landing import normalise_source
from schemas.errors import MaidianError, UsageError

# At a few hundred bytes an event as much as a block of a file; a block of records of 1 MB each would not fit in memory,
# and a collector sends none so long.
GRID_RECORDS = 1 << 15
MAX_CYCLE_RECORDS = 1 << 21  # a cycle holds its event ids in memory; about as much as 1 GiB of files


@dataclass(frozen=True)
class PartitionBounds:
    """The broker holds the records of a partition with offsets in [low, high)."""

    segment: TopicSegment
    low: int
    high: int


def plan_records(topic: KafkaTopic, done_until: Mapping[str, int], now: datetime) -> Plan:
    """Ask the broker what it holds, and cut what is new of it into ranges, as many as one cycle takes.

    Raises BrokerAwayError, or UsageError when there is no such topic.
    """
    partitions = list_partitions(topic)
    plan = plan_partitions(partitions, done_until, now)
    replaced = _replaced_topic(topic, partitions, done_until)
    if replaced:
        plan.gaps[topic.name] = replaced
    return plan


def plan_partitions(partitions: Iterable[PartitionBounds], done_until: Mapping[str, int], now: datetime) -> Plan:
    """Cut the partitions into ranges. Records that are gone become a range too, so that it is kept that they are missing."""
    plan = Plan()
    room = MAX_CYCLE_RECORDS
    for held in partitions:
        start = done_until.get(held.segment.name, 0)
        if start > held.high:
            plan.refused[held.segment.name] = (
                f"{held.segment} ends at offset {held.high:,}, but was ingested up to {start:,}: the broker lost records; "
                "bring them back, or make a new topic and let the collectors send there"
            )
            continue
        if start < held.low:
            plan.gaps[held.segment.name] = (
                f"{held.segment}: the {held.low - start:,} records from offset {start:,} to {held.low - 1:,} were gone "
                "before they were ingested (expired, or deleted)"
            )
            plan.ranges.append(_range(held.segment, start, held.low, now, is_gone=True))
            start = held.low
        while start < held.high:
            if room <= 0 or len(plan.ranges) >= MAX_CYCLE_RANGES:
                return plan
            end = min(held.high, (start // GRID_RECORDS + 1) * GRID_RECORDS)
            plan.ranges.append(_range(held.segment, start, end, now))
            room -= end - start
            start = end
    return plan


def _replaced_topic(
    topic: KafkaTopic, partitions: Iterable[PartitionBounds], done_until: Mapping[str, int]
) -> str | None:
    """Say so when what was ingested under this name was another topic; None when it is the same, or the first."""
    known = {parse_segment(name) for name in done_until if is_topic_segment(name)}
    ingested = {segment.topic_id for segment in known if segment.topic == topic.name}
    now = {held.segment.topic_id for held in partitions}
    if not ingested or ingested & now:
        return None
    return (
        f"topic {topic.name} was deleted and created anew, or is another cluster's: records of the old one that were not "
        "ingested are missing, the new one is taken in from its start"
    )


def list_partitions(topic: KafkaTopic) -> list[PartitionBounds]:
    """Every partition that the topic has now, in order."""
    require_library()
    from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
    from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

    admin = AdminClient(client_properties(topic))
    try:
        described = admin.describe_topics(TopicCollection([topic.name]), request_timeout=REQUEST_SECONDS)
        found = described[topic.name].result()
        partitions = [TopicPartition(topic.name, each.id) for each in found.partitions]
        low, high = (
            admin.list_offsets(
                dict.fromkeys(partitions, spec),
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=REQUEST_SECONDS,
            )
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        )
        topic_id = str(found.topic_id).replace("/", "_").replace("+", "-")  # as Kafka's own tools write it
        bounds = [
            PartitionBounds(
                TopicSegment(topic.name, topic_id, partition.partition),
                low[partition].result().offset,
                high[partition].result().offset,
            )
            for partition in partitions
        ]
    except KafkaException as exception:
        raise explain_kafka_error(topic, exception.args[0]) from None
    return sorted(bounds, key=lambda held: held.segment)


def explain_kafka_error(topic: KafkaTopic, error: Any) -> MaidianError:
    """What an error of the library means to a person."""
    from confluent_kafka import KafkaError

    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return UsageError(f"there is no topic {topic.name} at {topic.servers}; create it, see docs/kafka.md")
    if error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
        return UsageError(f"{topic} does not let this user read ({error.str()}); grant Read and Describe")
    return BrokerAwayError(f"{topic} does not answer ({error.str()}); start the broker, or check the address")


def _range(segment: TopicSegment, start: int, end: int, now: datetime, *, is_gone: bool = False) -> LandingRange:
    return LandingRange(
        source=normalise_source(segment.topic) or "unnamed",
        segment=segment.name,
        start=start,
        end=end,
        landed_at=None,
        ingested_at=now,
        is_gone=is_gone,
    )
