"""A real broker for tests: one for all workers of a test run, or one of a test's own that it may kill."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.jars import missing_programs
from infra.local.kafka.broker import Broker
from infra.local.process import free_ports


def skip_without_programs() -> None:
    """Skip the test on a machine that cannot have a broker; whatever else is wrong is a failure."""
    if missing := missing_programs():
        pytest.skip(f"no Kafka or Flink without {' and '.join(missing)}; install it")


@contextmanager
def shared_broker(folder: Path) -> Iterator[Broker]:
    """The broker in `folder`: whoever comes first starts it, whoever leaves last stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        ports = folder / "ports"
        if not ports.exists():
            ports.write_text(" ".join(map(str, free_ports(2))))
        broker = Broker(folder / "kafka", *map(int, ports.read_text().split()))
        broker.start()
        mark = folder / f"{secrets.token_hex(4)}.user"
        mark.touch()
    try:
        yield broker
    finally:
        with _lock(folder):
            mark.unlink()
            if not list(folder.glob("*.user")):
                broker.stop()


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared_kafka"
