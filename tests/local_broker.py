"""A real broker for tests: one for all workers of a test run, or one of a test's own that it may kill. Other servers too."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

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
    with shared_server(folder, 2, lambda ports: Broker(folder / "kafka", *ports)) as broker:
        yield broker


class Server(Protocol):
    """What can be shared: it is known by its folder, and starting it twice starts it once."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


Shared = TypeVar("Shared", bound=Server)


# Servers that this worker may have started and others still use. Python warns of a process whose handle is dropped while it runs.
LEFT_TO_OTHERS: list[object] = []


@contextmanager
def shared_server(folder: Path, port_count: int, make: Callable[[Sequence[int]], Shared]) -> Iterator[Shared]:
    """A server for all workers of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        ports = folder / "ports"
        if not ports.exists():
            ports.write_text(" ".join(map(str, free_ports(port_count))))
        server = make([*map(int, ports.read_text().split())])
        server.start()
        mark = folder / f"{secrets.token_hex(4)}.user"
        mark.touch()
    try:
        yield server
    finally:
        with _lock(folder):
            mark.unlink()
            if list(folder.glob("*.user")):
                LEFT_TO_OTHERS.append(server)
            else:
                server.stop()


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_folder(factory: pytest.TempPathFactory, name: str = "shared_kafka") -> Path:
    """A folder that all workers of this run share."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
