"""Collector, broker and ingest as processes, killed in the middle: what was answered is in the lake, once."""

import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.local.kafka.broker import Broker
from infra.local.process import free_ports
from pipelines.kafka_topic import KafkaTopic
from tests.end_to_end.commands import command_line, environment, glob_of, maidian, maidian_json
from tests.pipelines.topics import add_partitions, delete_until, new_topic, send


def runs_in_ci(test: Any) -> Any:
    """A broker starts several times, each time in seconds."""
    return pytest.mark.ci(pytest.mark.timeout(300)(test))


KILLS = 30

WAIT_SECONDS = 90


def event(event_id: str, customer: str = "C1") -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    view = {"event_id": event_id, "event_type": "view", "occurred_at": at, "customer_id": customer, "sku_id": "S"}
    return json.dumps(view).encode()


def ids_in(lake: Path) -> list[str]:
    rows = duckdb.sql(f"SELECT event_id FROM read_parquet('{glob_of(lake, 'events')}') ORDER BY event_id").fetchall()
    return [event_id for (event_id,) in rows]


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at, f"{what}: not within {WAIT_SECONDS} s"
        time.sleep(0.1)


@dataclass
class Senders:
    """Clients that send three events a request, and again until they are answered with 200."""

    port: int
    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)

    @contextmanager
    def running(self, count: int) -> Iterator[None]:
        is_over = threading.Event()
        threads = [threading.Thread(target=self._send_for_ever, args=(name, is_over)) for name in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_over.set()
            for thread in threads:
                thread.join()

    def _send_for_ever(self, name: int, is_over: threading.Event) -> None:
        number = 0
        while not is_over.is_set():
            ids = [f"{name}-{number + each}" for each in range(3)]
            number += 3
            body = b"\n".join(event(each, f"C{name}") for each in ids)
            self.sent.update(ids)
            while not self._post(body):
                if is_over.wait(0.05):
                    return
            self.answered.update(ids)

    def _post(self, body: bytes) -> bool:
        headers = {"Authorization": "Basic azE6", "Content-Type": "application/x-ndjson"}  # k1:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/events", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
            error.close()
        except OSError:  # nobody listens, or he died before he answered
            status = 0
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status == 200


class Collector:
    """`maidian collect` with two workers, in a process group of its own."""

    def __init__(self, lake: Path, topic: KafkaTopic, port: int) -> None:
        lake.mkdir(exist_ok=True)
        (lake / "collector.toml").write_text('delivery_seconds = 2\n[sources.web]\nwrite_keys = ["k1"]\n')
        self.lake = lake
        self.port = port
        self._command = command_line("collect", "--lake", lake, "--landing", topic, "--port", port, "--workers", 2)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
        )
        assert self._process.stdout is not None
        assert "collecting on" in self._process.stdout.readline()

    def kill(self) -> None:
        """Supervisor and workers at once, as a power cut would."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._end()

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        code = self._process.wait(30)
        self._process.stdout.close()
        self._process = None
        return code

    def close(self) -> None:
        if self._process:
            self.kill()

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as answer:
            found = re.search(rf"^maidian_collector_{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        assert found
        return float(found[1])


@pytest.fixture
def collector(tmp_path: Path, own_broker: Broker) -> Iterator[Collector]:
    made = Collector(tmp_path / "lake", KafkaTopic(own_broker.bootstrap, "events"), free_ports(1)[0])
    yield made
    made.close()


@runs_in_ci
def test_nothing_answered_is_lost_when_broker_and_collector_are_killed(
    own_broker: Broker, tmp_path: Path, collector: Collector
) -> None:
    own_broker.start()
    topic = new_topic(own_broker, 4, "events")
    senders = Senders(collector.port)
    collector.start()
    with senders.running(3):
        wait_until(lambda: len(senders.answered) > 100, "events")
        collector.kill()  # with requests on their way to the broker
        collector.start()
        own_broker.kill()
        wait_until(lambda: collector.metric("kafka_workers_away") == 2, "the broker is away")
        before = len(senders.answered)
        wait_until(lambda: len(senders.answered) > before + 100, "events while the broker is away")
        collector.kill()  # with a spool, and requests on their way to it
        collector.start()
        assert collector.metric("kafka_spool_bytes") > 0
        before = len(senders.answered)
        wait_until(lambda: len(senders.answered) > before + 100, "events after the collector was killed")
        own_broker.start()
        wait_until(lambda: collector.metric("kafka_workers_away") == 0, "the broker is back")
        before = len(senders.answered)
        wait_until(lambda: len(senders.answered) > before + 100, "events after the broker came back")
    assert_lake_has_what_was_answered(collector, senders, topic)


def assert_lake_has_what_was_answered(collector: Collector, senders: Senders, topic: KafkaTopic) -> None:
    assert collector.stop() == 0
    assert not [path for path in (collector.lake / "spool").glob("web/*") if path.is_file()]
    assert senders.statuses.keys() <= {0, 200}  # with a spool, nobody is ever told to come again
    total = maidian_json("ingest", "--lake", collector.lake, "--landing", topic)["total"]
    found = ids_in(collector.lake)
    assert len(set(found)) == len(found)
    assert senders.answered <= set(found) <= senders.sent
    assert total["rejected_count"] == 0
    assert total["line_count"] == len(found) + total["repeated_count"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thirty_kills_of_collector_and_broker_lose_nothing(
    own_broker: Broker, tmp_path: Path, collector: Collector
) -> None:
    own_broker.start()
    topic = new_topic(own_broker, 4, "events")
    dice = random.Random(4)
    senders = Senders(collector.port)
    collector.start()
    with senders.running(3):
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.2, 3))
            if dice.random() < 0.6:
                collector.kill()
                collector.start()
            elif own_broker.pid:
                own_broker.kill()
            else:
                own_broker.start()
        own_broker.start()
        wait_until(lambda: collector.metric("kafka_workers_away") == 0, "the broker is back")
    assert_lake_has_what_was_answered(collector, senders, topic)


@runs_in_ci
def test_following_a_topic_outlives_its_broker_and_sees_new_partitions(own_broker: Broker, tmp_path: Path) -> None:
    own_broker.start()
    topic = new_topic(own_broker)
    lake = tmp_path / "lake"
    maidian("init", "--lake", lake)
    follow = subprocess.Popen(
        command_line("ingest", "--lake", lake, "--landing", topic, "--follow", "--interval", "0.5"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )

    def holds(*ids: str) -> Callable[[], bool]:
        return lambda: (lake / "events" / "current").exists() and ids_in(lake) == sorted(ids)

    try:
        send(topic, [(0, "web", event("1"))])
        wait_until(holds("1"), "the first event")
        own_broker.kill()
        time.sleep(1)
        own_broker.start()
        send(topic, [(0, "web", event("2"))])
        wait_until(holds("1", "2"), "an event after the broker came back")
        add_partitions(topic, 2)
        send(topic, [(1, "web", event("3"))])
        wait_until(holds("1", "2", "3"), "an event in the new partition")
        follow.send_signal(signal.SIGTERM)
        output, errors = follow.communicate(timeout=60)
    finally:
        follow.kill()
        follow.communicate()
    assert follow.returncode == 0, errors
    assert output.splitlines()[-1].split() == ["total", "3", "3", "0", "0"]


@runs_in_ci
def test_a_gap_ends_with_one_line_and_exit_code_1_once(kafka_broker: Broker, tmp_path: Path) -> None:
    topic = new_topic(kafka_broker)
    lake = tmp_path / "lake"
    send(topic, [(0, "web", event(str(number))) for number in range(5)])
    maidian("ingest", "--lake", lake, "--landing", topic)
    send(topic, [(0, "web", event(str(number))) for number in range(5, 12)])
    delete_until(topic, 0, 9)
    told = maidian("ingest", "--lake", lake, "--landing", topic, check=False)
    assert told.returncode == 1
    warning, error = told.stderr.splitlines()
    assert "partition 0: the 4 records from offset 5 to 8 were gone before they were ingested" in warning
    assert error == "error: 4 records are missing, as warned above; all others were taken in"
    assert ids_in(lake) == sorted(map(str, [0, 1, 2, 3, 4, 9, 10, 11]))
    again = maidian("ingest", "--lake", lake, "--landing", topic)
    assert again.stdout.strip() == "nothing new in landing"
    nowhere = maidian("ingest", "--lake", lake, "--landing", f"kafka://{topic.servers}/nowhere", check=False)
    assert nowhere.returncode == 2
    assert "there is no topic nowhere at" in nowhere.stderr
