"""What the tests of a whole cluster share: a shop in a topic, commands on Flink, what they cost, and whether lakes are equal."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import polars as pl

from infra.local.flink.cluster import SessionCluster
from infra.local.kafka.broker import Broker
from pipelines.collector.kafka_sender import key_of
from pipelines.generator.generate import generate
from pipelines.generator.options import GeneratorOptions
from pipelines.kafka_topic import KafkaTopic
from schemas.lake.lake import open_lake
from schemas.lake.snapshots import current_snapshot
from schemas.tables import declared_tables
from tests.end_to_end.commands import command_line, environment
from tests.pipelines.topics import new_topic, send

PARTITIONS = 8
LONGEST = "4000000"  # bytes: the shop's garbage has lines above the limit of 1 MiB, which a topic must let through
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
GIVE_UP_SECONDS = 300
FINISH_SECONDS = 3600  # of five million events on a machine that has other work too


def shop_in_topic(broker: Broker, folder: Path, events: int, days: int) -> KafkaTopic:
    """A made-up shop's lines in a topic of eight partitions."""
    generate(GeneratorOptions(events=events, days=days, has_truth=False), folder)
    topic = new_topic(broker, PARTITIONS, max_message_bytes=LONGEST)
    lines = (
        (path.parent.name, line)
        for path in sorted((folder / "landing").glob("*/*.ndjson"))
        for line in path.read_bytes().split(b"\n")[:-1]
    )
    records = ((crc32(key_of(line) or line) % PARTITIONS, source, line) for source, line in lines)
    limits = {"message.max.bytes": int(LONGEST), "acks": "all"}
    send(topic, records, **limits)
    return topic


def on_flink(cluster: SessionCluster, workers: int = 2) -> list[str]:
    """The options that send a command there."""
    return ["--runner", "flink", "--", *cluster.beam_arguments, f"--parallelism={workers}"]


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a command, to be killed."""
    return subprocess.Popen(
        command_line(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for its end, which must be a good one."""
    output, errors = process.communicate(timeout=FINISH_SECONDS)
    assert process.returncode == 0, output + errors


def start_until(lake: Path, trace: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a command and wait until it is in the middle of its work: it has left such files in the lake."""
    process = start(*arguments)
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while not any(lake.glob(trace)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    return process


@dataclass
class Cost:
    """Seconds of the clock, and of processors, this test's commands and the cluster's processes together."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def cost_of(cluster: SessionCluster | None) -> Iterator[Cost]:
    """Measure what is done inside."""
    cost = Cost()
    began, before = time.monotonic(), _spent(cluster)
    yield cost
    cost.wall = time.monotonic() - began
    cost.cpu = _spent(cluster) - before


def assert_equal(lake: Path, expected: Path, tables: Sequence[str] | None = None) -> None:
    """The tables, or every table of both lakes, have the same rows."""
    one, other = open_lake(lake), open_lake(expected)
    assert tables or one.table_names() == other.table_names()
    for name in tables or one.table_names():
        table = declared_tables()[name]
        key = ["segment", "byte_offset"] if name == "rejects" else list(dict.fromkeys([table.partition, *table.key]))
        snapshots = [current_snapshot(each, name) for each in (one, other)]
        assert all(snapshots)
        partitions = [set(snapshot.manifest.partitions) for snapshot in snapshots if snapshot]
        assert partitions[0] == partitions[1], name
        for value in sorted(partitions[0]):
            if len({each.manifest.partitions[value].fingerprint for each in snapshots if each}) == 1:
                continue  # the same bytes; to read and sort them would take longer than to make them
            rows, wanted = (
                pl.read_parquet(snapshot.files([value]), hive_partitioning=False).sort(set(key) - {table.partition})
                for snapshot in snapshots
                if snapshot
            )
            assert rows.equals(wanted), f"{name} {value}"


def newest_day(lake: Path) -> str:
    """The last business day that has events."""
    snapshot = current_snapshot(open_lake(lake), "events")
    assert snapshot is not None
    return max(snapshot.manifest.partitions)


def parts_of(lake: Path, table: str) -> dict[str, int]:
    """Which days of a table were computed in parts, and in how many."""
    snapshot = current_snapshot(open_lake(lake), table)
    assert snapshot is not None
    parts: dict[str, int] = snapshot.manifest.state["parts"]
    return parts


def _spent(cluster: SessionCluster | None) -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = children.ru_utime + children.ru_stime
    for process in cluster.processes.values() if cluster else ():
        if process.pid:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            spent += sum(map(int, fields[11:15])) / CLOCK_TICKS  # its own time, and that of children that have ended
    return spent
