"""A topic of eight partitions, ingest and all jobs on a Flink of two task managers: the tables are those of one machine.

EVENTS=5000000 WORKERS=2 make cluster-test takes many events, and one lake on Flink in place of three; the tests of kills have
few, so that a kill comes soon.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.flink.cluster import SessionCluster
from infra.local.kafka.broker import Broker
from infra.local.process import free_ports
from pipelines.kafka_topic import KafkaTopic
from tests.end_to_end.cluster_work import (
    GIVE_UP_SECONDS,
    assert_equal,
    cost_of,
    finish,
    newest_day,
    on_flink,
    parts_of,
    shop_in_topic,
    start,
    start_until,
)
from tests.end_to_end.commands import maidian
from tests.local_broker import skip_without_programs

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(7200)]

EVENTS = int(os.environ.get("EVENTS", "50000"))
# The first finds a cluster that has just started, which compiles and imports as it works.
WORKERS = [int(count) for count in os.environ.get("WORKERS", "2 1 2").split()]
EVENTS_OF_KILLS = 60_000  # work for some seconds, in several blocks and days


def test_tables_equal_those_of_one_machine(kafka_broker: Broker, flink_cluster: SessionCluster, tmp_path: Path) -> None:
    topic = shop_in_topic(kafka_broker, tmp_path, EVENTS, days=max(4, min(30, EVENTS // 20_000)))
    here = tmp_path / "here"
    with cost_of(None) as ingest_here:
        finish(start("ingest", "--lake", here, "--landing", topic))
    with cost_of(None) as run_here:
        finish(start("run", "--lake", here))
    last_day = newest_day(here)
    one_day = ("backfill", "--from", last_day, "--to", last_day)
    with cost_of(None) as day_here:
        finish(start(*one_day, "--lake", here))
    print(f"\n{EVENTS:,} events{'':26}wall s   CPU s   CPU to one process")
    for what, one in (("ingest", ingest_here), ("run", run_here), ("backfill of the newest day", day_here)):
        print(f"{what + ', one process':40}{one.wall:7.1f} {one.cpu:7.1f}")
    for place, count in enumerate(WORKERS):
        lake, there = tmp_path / f"flink-{place}", on_flink(flink_cluster, count)
        in_parts = ("--part-rows", str(max(EVENTS // 100, 2_000)))
        for what, one, command in (
            ("ingest", ingest_here, ("ingest", "--landing", topic)),
            ("run", run_here, ("run",)),
            ("backfill of the newest day", day_here, one_day),
            ("the same in parts", day_here, (*one_day, *in_parts)),
        ):
            with cost_of(flink_cluster) as cost:
                finish(start(*command, "--lake", lake, *there))
            label = f"{what}, {count} worker{'s' * (count > 1)}{'' if place else ', just started'}"
            print(f"{label:40}{cost.wall:7.1f} {cost.cpu:7.1f}   {cost.cpu / one.cpu:.2f}", flush=True)
            if what != "ingest":
                assert_equal(lake, here)
        assert parts_of(lake, "session_events") or parts_of(lake, "sessions")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One of this module's own, that may be killed."""
    skip_without_programs()
    broker = Broker(tmp_path_factory.mktemp("broker") / "kafka", *free_ports(2))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def topic(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaTopic:
    return shop_in_topic(broker, tmp_path_factory.mktemp("shop"), EVENTS_OF_KILLS, days=6)


@pytest.fixture(scope="module")
def undisturbed(topic: KafkaTopic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("undisturbed") / "lake"
    maidian("ingest", "--lake", lake, "--landing", topic)
    maidian("run", "--lake", lake)
    return lake


def ingest_and_run(lake: Path, topic: KafkaTopic, cluster: SessionCluster) -> list[tuple[tuple[object, ...], str]]:
    """The two commands, each with what it leaves in the lake once it is in the middle of its work."""
    return [
        (("ingest", "--lake", lake, "--landing", topic, *on_flink(cluster)), "ingest/ranges/*/*.ids.npy"),
        (("run", "--lake", lake, *on_flink(cluster)), "staging/run/distributed-*/*.json"),
    ]


@pytest.mark.parametrize("killed", ["driver", "taskmanager-1"])
def test_a_driver_or_a_task_manager_that_is_killed_leaves_no_trace(
    killed: str, topic: KafkaTopic, undisturbed: Path, flink_cluster: SessionCluster, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    for command, trace in ingest_and_run(lake, topic, flink_cluster):
        driver = start_until(lake, trace, *command)
        if killed == "driver":
            driver.kill()
            driver.communicate()
            driver = start(*command)  # what the first had sent to the cluster goes on there, beside this
        else:
            flink_cluster.kill(killed)
            flink_cluster.start()
        finish(driver)
    assert_equal(lake, undisturbed)


def test_a_job_manager_that_is_killed_is_one_line_and_leaves_no_trace(
    topic: KafkaTopic, undisturbed: Path, flink_cluster: SessionCluster, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    for command, trace in ingest_and_run(lake, topic, flink_cluster):
        driver = start_until(lake, trace, *command)
        flink_cluster.kill("jobmanager")  # with it goes what it knew of the jobs
        _, errors = driver.communicate(timeout=GIVE_UP_SECONDS)
        assert driver.returncode == 1, errors
        assert errors.splitlines()[-1].startswith("error: the run on flink failed: "), errors
        assert "Traceback" not in errors
        flink_cluster.start()
        finish(start(*command))
    assert_equal(lake, undisturbed)


def test_a_broker_that_is_killed_and_comes_back_leaves_no_trace(
    broker: Broker, topic: KafkaTopic, undisturbed: Path, flink_cluster: SessionCluster, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    ingest = ("ingest", "--lake", lake, "--landing", topic, *on_flink(flink_cluster))
    driver = start_until(lake, "ingest/ranges/*/*.events.parquet", *ingest)
    broker.kill()
    broker.start()
    driver.communicate()  # it went on, or ended because the broker was away for too long
    finish(start(*ingest))
    assert_equal(lake, undisturbed, ["events", "rejects"])
