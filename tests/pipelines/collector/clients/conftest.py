"""The JavaScript clients and the browser, for every test that drives them."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def program(*names: str) -> str:
    """The path of the first program found; the test is skipped where none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no {' or '.join(names)} on this machine; install it to run the JavaScript clients")
    return found


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node."""
    return program("node")


@pytest.fixture(scope="session")
def browser() -> str:
    """The path of Chromium."""
    return program(*BROWSERS)


@pytest.fixture(scope="session")
def javascript_clients() -> Path:
    """A folder with the pinned packages installed, kept between runs in build/."""
    npm = program("npm")
    digest = hashlib.sha256((HERE / "javascript" / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = REPOSITORY / "build" / f"javascript-clients-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in [*(HERE / "javascript").iterdir(), HERE / "six_kinds.json"]:
            shutil.copy(path, folder)
        if not (folder / "installed").exists():
            # Not `npm ci`: the lock names no registry, and then lacks what optional packages have for other machines.
            command = [npm, "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, done.stderr
            (folder / "installed").touch()
    return folder
