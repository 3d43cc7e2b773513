"""A small made-up wholesaler with every table, built once for all workers of a test run. Tests only read it."""

import fcntl
import os
from pathlib import Path

import pytest

from tests.end_to_end.commands import maidian


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo: `lake`, `truth`, `masters`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo_for_readers"
    folder.mkdir(exist_ok=True)
    settings = folder / "settings.toml"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings.write_text("mart_days = 2\n")  # one more than by default, for readers of an older one
        maidian("demo", "--events", 10_000, "--days", 8, "--seed", 7, "--out", folder / "demo", "--settings", settings)
    return folder / "demo"


@pytest.fixture(scope="session")
def demo_lake(demo: Path) -> Path:
    """The lake of the demo."""
    return demo / "lake"
