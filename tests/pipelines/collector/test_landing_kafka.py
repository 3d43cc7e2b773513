"""The Kafka landing on a real broker: answered means kept, whatever happens to the broker."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from infra.local.kafka.broker import Broker
from pipelines.collector.kafka_limits import KafkaLandingLimits
from pipelines.collector.landing import LandingFullError
from pipelines.collector.landing_files import FileLandingLimits
from pipelines.collector.landing_kafka import KafkaLanding
from pipelines.kafka_topic import KafkaTopic
from tests.pipelines.topics import new_topic, read_all

PATIENT = KafkaLandingLimits(delivery_seconds=20)
QUICK = KafkaLandingLimits(delivery_seconds=1.5)
BACK_SECONDS = 60


def line(number: int, customer: str = "C1") -> bytes:
    return json.dumps({"event_id": str(number), "customer_id": customer}).encode()


@asynccontextmanager
async def landing(topic: KafkaTopic, folder: Path, limits: KafkaLandingLimits = PATIENT) -> AsyncIterator[KafkaLanding]:
    opened = KafkaLanding(topic, folder, limits, FileLandingLimits())
    await opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def until(opened: KafkaLanding, *, is_away: bool) -> None:
    async with asyncio.timeout(BACK_SECONDS):
        while opened.numbers.is_away != is_away:  # noqa: ASYNC110 - the landing tells metrics, not tests
            await asyncio.sleep(0.05)


def ids(values: list[bytes]) -> list[int]:
    return [int(json.loads(value)["event_id"]) for value in values]


def once(numbers: list[int]) -> list[int]:
    """Without repeats, the first of each."""
    return list(dict.fromkeys(numbers))


def spooled(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/*.ndjson*") if not path.parent.name.startswith(".")]


def test_lines_are_in_the_topic_when_append_returns(kafka_broker: Broker, tmp_path: Path) -> None:
    topic = new_topic(kafka_broker)

    async def run() -> None:
        async with landing(topic, tmp_path) as opened:
            await opened.append("web", [line(1), line(2)], [b'{"event":"Odd"}'])
            assert read_all(topic) == [[line(1), line(2)]]
            await asyncio.gather(*(opened.append("web", [line(number)]) for number in range(3, 200)))
            assert opened.numbers.delivered_count == 199

    asyncio.run(run())
    assert ids(read_all(topic)[0]) == list(range(1, 200))
    assert spooled(tmp_path) == []
    [kept] = (tmp_path / ".unmapped" / "web").iterdir()
    assert kept.read_bytes().strip() == b'{"event":"Odd"}'


def test_one_customers_events_stand_in_one_partition_in_order(kafka_broker: Broker, tmp_path: Path) -> None:
    topic = new_topic(kafka_broker, 4)

    async def run() -> None:
        async with landing(topic, tmp_path) as opened:
            for number in range(200):
                await opened.append("web", [line(number, f"C{number % 10}"), b"no event"])

    asyncio.run(run())
    partitions = read_all(topic, range(4))
    seen: dict[str, int] = {}
    for partition, values in enumerate(partitions):
        by_customer: dict[str, list[int]] = {}
        for value in values:
            if value != b"no event":
                event = json.loads(value)
                by_customer.setdefault(event["customer_id"], []).append(int(event["event_id"]))
        assert all(numbers == sorted(numbers) for numbers in by_customer.values())
        assert not seen.keys() & by_customer.keys()
        seen |= dict.fromkeys(by_customer, partition)
    assert len(seen) == 10
    assert len(set(seen.values())) > 1


def test_a_line_the_broker_never_takes_is_set_aside_and_the_others_go_through(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    topic = new_topic(kafka_broker, max_message_bytes="1000")
    huge = line(2).replace(b"C1", os.urandom(1000).hex().encode())  # not to be compressed below the limit

    async def run() -> None:
        async with landing(topic, tmp_path) as opened:
            await opened.append("web", [line(1)])
            await opened.append("web", [huge])
            await opened.append("web", [line(3)])
            assert not opened.numbers.is_away

    asyncio.run(run())
    assert ids(read_all(topic)[0]) == [1, 3]
    [kept] = (tmp_path / ".refused" / "web").iterdir()
    assert kept.read_bytes().strip() == huge


@pytest.mark.ci
def test_events_wait_in_the_spool_while_the_broker_was_never_there(own_broker: Broker, tmp_path: Path) -> None:
    topic = KafkaTopic(own_broker.bootstrap, "events")
    spool = tmp_path / "spool"

    async def run() -> None:
        async with landing(topic, spool, QUICK) as opened:
            assert opened.numbers.is_away
            for number in range(50):
                await opened.append("web", [line(number)])
            assert opened.numbers.spooled_count == 50
        # A restart in between, and a topic that comes late.
        async with landing(topic, spool, QUICK) as opened:
            await opened.append("web", [line(50)])
            await asyncio.to_thread(own_broker.start)
            await asyncio.sleep(1.5)
            assert opened.numbers.is_away
            await asyncio.to_thread(new_topic, own_broker, 1, "events")
            await until(opened, is_away=False)
            await opened.append("web", [line(51)])
            assert opened.numbers.delivered_count == 1

    asyncio.run(run())
    assert ids(read_all(topic)[0]) == list(range(52))
    assert spooled(spool) == []


def test_a_full_spool_says_so_and_keeps_what_it_answered(tmp_path: Path) -> None:
    topic = KafkaTopic("127.0.0.1:1", "events")

    async def run() -> int:
        kept = 0
        async with landing(topic, tmp_path, KafkaLandingLimits(delivery_seconds=0.5, max_spool_bytes=500)) as opened:
            with suppress(LandingFullError):
                for number in range(100):
                    await opened.append("web", [line(number)])
                    kept += 1
            with pytest.raises(LandingFullError, match="is full and the broker is away"):
                await opened.append("web", [line(100)])
        return kept

    kept = asyncio.run(run())
    assert ids([each for path in spooled(tmp_path) for each in path.read_bytes().split(b"\r\n")[:-1]]) == list(
        range(kept)
    )
    assert 5 < kept < 20


@pytest.mark.ci
@pytest.mark.parametrize(("failure", "times"), [("kill", 2), ("stop", 1), ("freeze", 1)])
def test_no_answered_event_is_lost_or_out_of_order_when_the_broker_fails(
    own_broker: Broker, tmp_path: Path, failure: str, times: int
) -> None:
    own_broker.start()
    topic = new_topic(own_broker)
    spool = tmp_path / "spool"
    answered: list[int] = []

    async def send_for_ever(opened: KafkaLanding, is_over: asyncio.Event) -> None:
        number = 0
        while not is_over.is_set():
            await opened.append("web", [line(number), line(number + 1)])
            answered.extend((number, number + 1))
            number += 2
            await asyncio.sleep(0.002)

    async def run() -> None:
        async with landing(topic, spool, QUICK) as opened:
            is_over = asyncio.Event()
            sending = asyncio.create_task(send_for_ever(opened, is_over))
            for _ in range(times):
                await asyncio.sleep(0.5)
                before = len(answered)
                pid = own_broker.pid
                assert pid is not None
                if failure == "freeze":
                    os.kill(pid, signal.SIGSTOP)
                else:
                    await asyncio.to_thread(own_broker.kill if failure == "kill" else own_broker.stop)
                await until(opened, is_away=True)
                await asyncio.sleep(1)
                assert len(answered) > before
                if failure == "freeze":
                    os.kill(pid, signal.SIGCONT)
                else:
                    await asyncio.to_thread(own_broker.start)
                await until(opened, is_away=False)
            await asyncio.sleep(0.3)
            is_over.set()
            await sending
            await until(opened, is_away=False)

    asyncio.run(run())
    assert once(ids(read_all(topic)[0])) == answered
    assert spooled(spool) == []
