"""The Flink cluster on this machine: two task managers share the work, and one of them may be killed."""

import os
from pathlib import Path
from threading import Thread

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import create_runner

from infra.local.flink.cluster import SessionCluster
from tests.flink_work import AppendProcess

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def run_on(cluster: SessionCluster, told: Path, seconds: float) -> None:
    options = PipelineOptions(cluster.beam_arguments)
    with beam.Pipeline(runner=create_runner("FlinkRunner"), options=options) as pipeline:
        (
            pipeline
            | beam.Create(range(20))
            | beam.Reshuffle()
            | "Work" >> beam.ParDo(AppendProcess(str(told), seconds))
            | beam.GroupByKey()
            | "Close" >> beam.ParDo(AppendProcess(str(told) + ".groups", 0))
        )


def test_two_task_managers_share_the_work_in_processes_of_their_own(
    flink_cluster: SessionCluster, tmp_path: Path
) -> None:
    run_on(flink_cluster, tmp_path / "told", 0.05)
    processes = {line.split()[0] for line in (tmp_path / "told").read_text().splitlines()}
    assert len(processes) == 2
    assert str(os.getpid()) not in processes
    assert len((tmp_path / "told.groups").read_text().splitlines()) == 2


@pytest.mark.parametrize("part", ["taskmanager-1", "worker-pool-2"])
def test_the_work_of_a_part_that_is_killed_is_done_again(
    flink_cluster: SessionCluster, tmp_path: Path, part: str
) -> None:
    told = tmp_path / "told"
    running = Thread(target=run_on, args=(flink_cluster, told, 0.5))
    running.start()
    while not told.exists():
        running.join(0.1)
    flink_cluster.kill(part)
    flink_cluster.start()
    running.join()
    assert {line.split()[1] for line in told.read_text().splitlines()} == set(map(str, range(20)))
    assert (tmp_path / "told.groups").exists()
