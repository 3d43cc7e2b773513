"""Beam's portable runner with workers in processes of their own: the protocol of Flink, Spark and Dataflow, without Java."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.process import free_ports
from tests.conftest import REPOSITORY
from tests.end_to_end.cluster_work import assert_equal, parts_of
from tests.end_to_end.commands import environment, maidian

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

START_SECONDS = 60


@pytest.fixture
def beam_arguments(tmp_path: Path) -> Iterator[list[str]]:
    """A job service and a worker pool, each a process; the options that send a pipeline there."""
    job, pool = free_ports(2)
    # The pool starts whatever `python` comes first on the PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    known = {**environment(), "PATH": path, "PYTHONPATH": str(REPOSITORY)}
    commands = (
        ["apache_beam.runners.portability.local_job_service_main", "--port", str(job)],
        ["apache_beam.runners.worker.worker_pool_main", f"--service_port={pool}"],
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=known,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        for port in (job, pool):
            wait_for(port)
        yield [
            f"--job_endpoint=localhost:{job}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
        ]
    finally:
        for process in started:
            process.terminate()
            process.wait()


def wait_for(port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
        else:
            return


def test_tables_are_those_of_one_process(beam_arguments: list[str], tmp_path: Path) -> None:
    maidian("generate", "--events", 3_000, "--days", 2, "--no-truth", "--out", tmp_path)
    here, there = tmp_path / "here", tmp_path / "there"
    landing = ("--landing", tmp_path / "landing")
    elsewhere = ("--runner", "PortableRunner", "--", *beam_arguments)
    maidian("ingest", "--lake", here, *landing)
    maidian("run", "sessions", "--lake", here)
    maidian("ingest", "--lake", there, *landing, *elsewhere)
    # Each level of tables starts a worker, which takes seconds: four levels are enough, days whole and in parts among them.
    maidian("run", "sessions", "--lake", there, "--part-rows", 500, *elsewhere)
    assert_equal(there, here)
    assert parts_of(there, "session_events")
    assert not parts_of(there, "identities")
