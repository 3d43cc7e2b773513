"""The broker on this machine: it keeps what it acknowledged over a kill, and its jars are the pinned ones."""

from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.local import jars
from infra.local.kafka.broker import Broker


@pytest.mark.ci
def test_what_was_acknowledged_outlives_kill_9(own_broker: Broker) -> None:
    own_broker.start()
    admin = AdminClient({"bootstrap.servers": own_broker.bootstrap, "log_level": 0})
    admin.create_topics([NewTopic("t", 1, 1)])["t"].result(20)
    producer = Producer({"bootstrap.servers": own_broker.bootstrap, "log_level": 0, "acks": "all"})
    producer.produce("t", b"kept")
    assert producer.flush(20) == 0
    own_broker.kill()
    assert own_broker.pid is None
    own_broker.start()
    consumer = Consumer({"bootstrap.servers": own_broker.bootstrap, "log_level": 0, "group.id": "test"})
    consumer.assign([TopicPartition("t", 0, 0)])
    message = consumer.poll(20)
    assert message is not None
    assert message.value() == b"kept"
    consumer.close()


def test_a_jar_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "jars.sha256").write_text(f"{'0' * 64}  a.jar\n")
    monkeypatch.setattr(jars, "HERE", tmp_path)
    monkeypatch.setattr(jars, "_copy_dependencies", lambda name, target: _write_jar(target))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(jars.JarsError, match=r"a\.jar: sha256 is [0-9a-f]{64}, pinned is 0{64}"):
        jars.fetch_jars("some")


def _write_jar(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.jar").write_bytes(b"aaaa")
