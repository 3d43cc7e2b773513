"""A topic as landing, on a real broker: every record once, gaps told, partitions followed."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Producer

from infra.local.kafka.broker import Broker
from pipelines.ingest import ingest as ingest_module
from pipelines.ingest import plan_records, read_records
from pipelines.ingest.ingest import IngestJob, IngestResult, ingest
from pipelines.ingest.plan import Plan
from pipelines.ingest.ranges import ranges_folder
from pipelines.kafka_topic import BrokerAwayError, KafkaTopic
from schemas.errors import UsageError
from schemas.lake.lake import Lake, create_lake
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import current_snapshot
from tests.pipelines.topics import add_partitions, delete_topic, delete_until, new_topic, read_all, send


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake", "Asia/Shanghai")


def view(event_id: str, at: str = "2024-11-20T10:00:00+08:00", **fields: object) -> bytes:
    event = {"event_id": event_id, "event_type": "view", "occurred_at": at, "customer_id": "C1", "sku_id": "S1"}
    return json.dumps(event | fields).encode()


def take_in(lake: Lake, landing: Path | KafkaTopic) -> IngestResult:
    return ingest(IngestJob(lake, landing, lambda table, partitions: []))


def rows(lake: Lake, table: str = "events") -> pl.DataFrame:
    snapshot = current_snapshot(lake, table)
    assert snapshot is not None
    return pl.read_parquet(snapshot.directory / "**" / "*.parquet", hive_partitioning=True)


def ids(lake: Lake) -> list[str]:
    return sorted(rows(lake)["event_id"])


def counts(result: IngestResult, source: str) -> tuple[int, int, int, int]:
    outcome = result.sources[source]
    return outcome.line_count, outcome.accepted_count, sum(outcome.rejected.values()), outcome.repeated_count


def test_a_topic_gives_the_tables_that_files_give(lake: Lake, kafka_broker: Broker, tmp_path: Path) -> None:
    lines = {
        "app": [view("1"), view("2", at="2024-11-21T10:00:00+08:00"), b"{", view("1")],
        "web": [view("2"), view("3", query="阿莫西林"), b"", b'{"a":1}', view("4")],
    }
    topic = new_topic(kafka_broker)
    send(topic, [(0, source, line) for source in ("web", "app") for line in lines[source]])
    by_topic = take_in(lake, topic)
    other = create_lake(tmp_path / "other", "Asia/Shanghai")
    for source, of_source in lines.items():
        (other.landing / source).mkdir(parents=True)
        (other.landing / source / "a.ndjson").write_bytes(b"".join(line + b"\n" for line in of_source))
    by_files = take_in(other, other.landing)
    assert rows(lake).sort("event_id").equals(rows(other).sort("event_id"))
    columns = ["source", "kind", "field", "reason", "raw"]
    assert (
        rows(lake, "rejects").select(columns).sort(columns).equals(rows(other, "rejects").select(columns).sort(columns))
    )
    assert {name: counts(by_topic, name) for name in by_topic.sources} == {
        name: counts(by_files, name) for name in by_files.sources
    }
    assert counts(by_topic, "app") == (4, 2, 1, 1)
    assert counts(by_topic, "web") == (5, 2, 2, 1)


def test_a_record_is_one_line_whatever_it_holds(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker)
    pretty = json.dumps(json.loads(view("1")), indent=1).encode()
    broken = view("2").replace(b"S1", b"S\n1")
    send(
        topic, [(0, "web", pretty), (0, "web", broken), (0, "web", None), (0, "No Source!", b"}"), (0, None, view("3"))]
    )
    result = take_in(lake, topic)
    assert counts(result, "web") == (3, 1, 2, 0)
    assert counts(result, topic.name) == (2, 1, 1, 0)
    assert ids(lake) == ["1", "3"]
    refused = rows(lake, "rejects").sort("byte_offset").select("byte_offset", "kind", "raw", "source").rows()
    assert refused == [
        (1, "malformed_json", broken, "web"),
        (2, "empty", b"", "web"),
        (3, "malformed_json", b"}", topic.name),
    ]


def test_what_was_taken_in_is_not_read_again_and_repeats_are_dropped(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker, 2)
    send(topic, [(0, "web", view("1")), (1, "web", view("2"))])
    take_in(lake, topic)
    assert take_in(lake, topic).sources == {}
    send(topic, [(0, "web", view("2")), (0, "app", view("3"))])
    result = take_in(lake, topic)
    assert (counts(result, "web"), counts(result, "app")) == ((1, 0, 0, 1), (1, 1, 0, 0))
    assert ids(lake) == ["1", "2", "3"]


def test_a_topic_that_grows_partitions_is_followed(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker)
    send(topic, [(0, "web", view("1"))])
    take_in(lake, topic)
    add_partitions(topic, 3)
    send(topic, [(2, "web", view("2")), (1, "web", view("3")), (0, "web", view("4"))])
    assert counts(take_in(lake, topic), "web") == (3, 3, 0, 0)
    assert ids(lake) == ["1", "2", "3", "4"]


def test_records_that_are_gone_are_told_and_counted_once(
    lake: Lake, kafka_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    topic = new_topic(kafka_broker)
    send(topic, [(0, "web", view(str(number))) for number in range(10)])
    take_in(lake, topic)
    send(topic, [(0, "web", view(str(number))) for number in range(10, 20)])
    delete_until(topic, 0, 14)
    result = take_in(lake, topic)
    lost = "the 4 records from offset 10 to 13 were gone before they were ingested (expired, or deleted)"
    assert result.gaps == [f"topic {topic.name}, partition 0: {lost}"]
    assert [record.getMessage() for record in caplog.records if record.name.startswith("pipelines")] == result.gaps
    assert result.missing_count == 4
    assert counts(result, "web") == (6, 6, 0, 0)
    again = take_in(lake, topic)
    assert (again.gaps, again.missing_count) == ([], 0)


@pytest.mark.ci
def test_compacted_records_are_a_gap(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker, cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01")
    for number in range(6):  # only a segment that is closed is compacted, and only a new record closes one
        send(topic, [(0, "web", view(str(number)))], key=b"same")
        time.sleep(0.2)
    give_up_at = time.monotonic() + 60
    while len(read_all(topic, until=6)[0]) == 6:
        assert time.monotonic() < give_up_at
        time.sleep(0.2)
    result = take_in(lake, topic)
    assert result.missing_count == 6 - len(ids(lake)) > 0
    assert "of the offsets from 0 to 5 hold no record (compacted away" in result.gaps[0]
    assert take_in(lake, topic).gaps == []


def test_marks_of_transactions_are_a_gap(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker)
    producer = Producer({"bootstrap.servers": topic.servers, "transactional.id": topic.name, "log_level": 2})
    producer.init_transactions(30)
    for number in range(2):
        producer.begin_transaction()
        producer.produce(topic.name, view(str(number)), partition=0)
        producer.commit_transaction(30)
    result = take_in(lake, topic)
    assert ids(lake) == ["0", "1"]
    assert result.missing_count == 2
    assert "2 of the offsets from 0 to 3 hold no record" in result.gaps[0]


def test_a_topic_that_was_made_anew_is_told_and_taken_from_its_start(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker)
    send(topic, [(0, "web", view(str(number))) for number in range(5)])
    take_in(lake, topic)
    delete_topic(topic)
    topic = new_topic(kafka_broker, name=topic.name)
    send(topic, [(0, "web", view("4")), (0, "web", view("5"))])
    result = take_in(lake, topic)
    assert counts(result, "web") == (2, 1, 0, 1)
    assert "was deleted and created anew" in result.gaps[0]
    assert take_in(lake, topic).gaps == []


def test_a_topic_that_is_not_there_is_the_persons_error(lake: Lake, kafka_broker: Broker) -> None:
    with pytest.raises(UsageError, match="there is no topic nowhere at"):
        take_in(lake, KafkaTopic(kafka_broker.bootstrap, "nowhere"))


@pytest.mark.ci
def test_a_broker_that_goes_away_in_the_middle_of_a_cycle_loses_nothing(
    lake: Lake, own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_broker.start()
    topic = new_topic(own_broker, 2)
    send(topic, [(number % 2, "web", view(str(number))) for number in range(10)])

    def plan_then_die(*arguments: Any) -> Plan:
        plan = plan_records.plan_records(*arguments)
        own_broker.kill()
        return plan

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "plan_records", plan_then_die)
        patch.setattr(read_records, "SILENCE_SECONDS", 2)
        with pytest.raises(BrokerAwayError, match="stopped answering"):
            take_in(lake, topic)
    assert current_snapshot(lake, "events") is None
    own_broker.start()
    assert counts(take_in(lake, topic), "web") == (10, 10, 0, 0)


def test_several_cycles_on_a_small_grid_equal_one(
    lake: Lake, kafka_broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = new_topic(kafka_broker, 2)
    send(topic, [(n % 2, "web", view(str(n % 20), sku_id=f"S{n % 20}")) for n in range(30)])
    take_in(lake, topic)
    other = create_lake(tmp_path / "other", "Asia/Shanghai")
    monkeypatch.setattr(plan_records, "GRID_RECORDS", 4)
    monkeypatch.setattr(plan_records, "MAX_CYCLE_RECORDS", 12)
    take_in(other, topic)
    assert rows(other).sort("event_id").equals(rows(lake).sort("event_id"))


@pytest.mark.parametrize("step", ["publish_rejects", "publish_events", "forget_cycle"])
def test_an_ingest_that_dies_between_two_steps_is_finished_by_the_next(
    lake: Lake, kafka_broker: Broker, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    topic = new_topic(kafka_broker)
    send(topic, [(0, "web", view("1")), (0, "web", b"{"), (0, "app", view("1"))])

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, step, die)
        with pytest.raises(KeyboardInterrupt):
            take_in(lake, topic)
    send(topic, [(0, "web", view("2")), (0, "web", b"}")])
    take_in(lake, topic)
    assert ids(lake) == ["1", "2"]
    assert sorted(rows(lake, "rejects")["raw"]) == [b"{", b"}"]
    assert list(ranges_folder(lake.path).iterdir()) == []


def test_rolling_back_reads_the_topic_again_and_files_live_beside_it(lake: Lake, kafka_broker: Broker) -> None:
    topic = new_topic(kafka_broker)
    send(topic, [(0, "web", view("1"))])
    first = take_in(lake, topic).snapshot_id
    send(topic, [(0, "web", view("2"))])
    take_in(lake, topic)
    (lake.landing / "erp").mkdir(parents=True)
    (lake.landing / "erp" / "a.ndjson").write_bytes(view("3") + b"\n" + view("2") + b"\n")
    assert counts(take_in(lake, lake.landing), "erp") == (2, 1, 0, 1)
    assert first is not None
    roll_back(lake, "events", first)
    assert counts(take_in(lake, topic), "web") == (1, 1, 0, 0)
    assert ids(lake) == ["1", "2"]
