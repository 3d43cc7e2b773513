"""Topics of a real broker for tests: made, filled, and read back."""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic  # type: ignore[attr-defined]

from infra.local.kafka.broker import Broker
from pipelines.kafka_topic import KafkaTopic

Record = tuple[int, str | None, bytes | None]
"""Partition, source (None: no header), value."""


def new_topic(broker: Broker, partitions: int = 1, name: str | None = None, **config: str) -> KafkaTopic:
    topic = KafkaTopic(broker.bootstrap, name or f"t{secrets.token_hex(6)}")
    settings = {key.replace("_", "."): value for key, value in config.items()}
    client = admin(topic)
    client.create_topics([NewTopic(topic.name, partitions, 1, config=settings)])[topic.name].result(30)
    while True:  # made is not yet known to everybody
        try:
            client.describe_topics(TopicCollection([topic.name]), request_timeout=10)[topic.name].result()
        except KafkaException:
            time.sleep(0.05)
        else:
            return topic


def admin(topic: KafkaTopic) -> "_Admin":
    return _Admin({"bootstrap.servers": topic.servers, "log_level": 2})


class _Admin(AdminClient):
    """Its futures fail when the client is collected before them; this one stays."""

    kept: list[AdminClient] = []  # noqa: RUF012

    def __init__(self, properties: Mapping[str, object]) -> None:
        super().__init__(properties)
        self.kept[:] = [self]


def send(topic: KafkaTopic, records: Iterable[Record], key: bytes | None = None, **properties: object) -> None:
    producer = Producer({"bootstrap.servers": topic.servers, "log_level": 2, **properties})
    for partition, source, value in records:
        headers = [] if source is None else [("source", source.encode())]
        while True:
            try:
                producer.produce(topic.name, value, key, partition=partition, headers=headers)
                break
            except BufferError:  # its queue is full
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(60) == 0


def delete_until(topic: KafkaTopic, partition: int, offset: int) -> None:
    asked = admin(topic).delete_records([TopicPartition(topic.name, partition, offset)])
    for future in asked.values():
        future.result(30)


def add_partitions(topic: KafkaTopic, total: int) -> None:
    admin(topic).create_partitions([NewPartitions(topic.name, total)])[topic.name].result(30)


def delete_topic(topic: KafkaTopic) -> None:
    admin(topic).delete_topics([topic.name])[topic.name].result(30)


def read_all(topic: KafkaTopic, partitions: Sequence[int] = (0,), until: int | None = None) -> list[list[bytes]]:
    """The values of every partition that it holds now, or below offset `until`, in order."""
    found: list[list[bytes]] = []
    for partition in partitions:
        properties = {"group.id": "test", "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        consumer = Consumer({"bootstrap.servers": topic.servers, "log_level": 2, **properties})
        consumer.assign([TopicPartition(topic.name, partition, OFFSET_BEGINNING)])
        values: list[bytes] = []
        is_over = False
        while not is_over:
            for message in consumer.consume(1000, 0.1):
                error = message.error()
                is_over = error is not None and error.name() == "_PARTITION_EOF"
                if error is None and (until is None or message.offset() < until):
                    values.append(message.value() or b"")
        consumer.close()
        found.append(values)
    return found
