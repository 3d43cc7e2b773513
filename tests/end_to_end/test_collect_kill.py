"""kill -9 of the collector under load: every answered event is in the lake exactly once, and nothing that was not sent."""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.collector_load import BATCH, Load
from tests.end_to_end.commands import glob_of, maidian
from tests.pipelines.collector.collector_process import KEY, SOURCE, CollectorProcess, collecting

SETTINGS = f"workers = 2\nmax_segment_seconds = 1\nmax_segment_bytes = 200000\n{SOURCE}"


def batches_of(event_ids: list[str]) -> dict[str, int]:
    """How many events of each batch there are."""
    return Counter(event_id.split("/")[0] for event_id in event_ids)


def kill_under_load(lake: Path, kill_count: int) -> Load:
    """Kill a worker, all workers, the supervisor, or everything at once, in turn; then let it end well."""
    dice = random.Random(kill_count)
    collector = CollectorProcess(lake, SETTINGS)
    load = Load(lambda: collector.address, KEY)
    load.start()
    try:
        for n in range(kill_count):
            answered = len(load.answered)
            while len(load.answered) < answered + 20:
                time.sleep(0.01)
            time.sleep(dice.uniform(0, 0.2))
            workers = collector.workers
            if n % 3 != 1:
                for worker in workers if n % 3 else workers[:1]:
                    os.kill(worker, signal.SIGKILL)
            else:
                collector.signal(signal.SIGKILL)
                if n % 2:
                    for worker in workers:
                        os.kill(worker, signal.SIGKILL)
                collector.wait()
                collector = CollectorProcess(lake, SETTINGS, port=collector.address[1])
        load.stop()
        assert collector.stop() == 0
    finally:
        load.stop()
        collector.end()
    return load


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kill_count", [pytest.param(6, marks=pytest.mark.ci), pytest.param(30, marks=pytest.mark.slow)]
)
def test_every_answered_event_is_in_the_lake_exactly_once_however_it_is_killed(tmp_path: Path, kill_count: int) -> None:
    lake = tmp_path / "lake"
    load = kill_under_load(lake, kill_count)
    assert len(load.answered) > 20 * kill_count
    with collecting(lake, SETTINGS):  # finishes what the last kill left
        pass
    assert not [path for path in lake.rglob("*.collecting.tmp") if path.stat().st_size]

    landed = [
        json.loads(line)["event_id"]
        for path in (lake / "landing" / "web").glob("*.ndjson")
        for line in path.read_bytes().splitlines()
    ]
    assert max(Counter(landed).values()) == 1
    in_landing = batches_of(landed)
    assert set(in_landing) >= load.answered
    assert set(in_landing) <= load.sent
    assert set(in_landing.values()) == {BATCH}  # no request is half kept

    maidian("ingest", "--lake", lake)
    in_lake = pl.read_parquet(glob_of(lake, "events"))["event_id"].to_list()
    assert sorted(in_lake) == sorted(landed)
    rejects = lake / "rejects" / "current"
    assert not rejects.exists() or pl.read_parquet(glob_of(lake, "rejects")).height == 0
