"""The real JavaScript clients, unmodified, in Node and in Chromium; the events in the lake equal what was sent."""

import fcntl
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import REPOSITORY
from tests.pipelines.collector.clients.collector_under_test import SIX_KINDS, Collector, assert_six_kinds, running

pytestmark = [pytest.mark.ci, pytest.mark.timeout(400)]  # npm fetches the clients, and a browser starts

HERE = Path(__file__).parent
PERSON = SIX_KINDS["person"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
IN_NODE = ["segment-node", "rudder-node"]
IN_BROWSER = {
    "segment-browser": ("segment.html", {}),
    "segment-browser-batch": ("segment.html", {"batch": 1}),
    "rudder-browser": ("rudder.html", {}),
    "rudder-browser-batch": ("rudder.html", {"batch": 1}),
    "rudder-browser-beacon": ("rudder.html", {"beacon": 1}),
    "sensors-image": ("sensors.html", {}),
    "sensors-ajax": ("sensors.html", {"type": "ajax"}),
    "sensors-beacon": ("sensors.html", {"type": "beacon"}),
    "sensors-batch": ("sensors.html", {"batch": 1}),
}


def program(*names: str) -> str:
    """The path of the first program found; the test is skipped where none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no {' or '.join(names)} on this machine; install it to run the JavaScript clients")
    return found


@pytest.fixture(scope="session")
def clients() -> Path:
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


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """The pages on an origin of their own, as a shop has one."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def sent(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Collector, datetime]:
    """The collector after all of them sent, its events in the lake, and when the Node clients began."""
    sources = [*IN_NODE, *IN_BROWSER]
    node = program("node")
    with running(tmp_path_factory.mktemp("javascript") / "lake", sources) as collector, shop(clients) as origin:
        started = run([node, "send.cjs", collector.url, "six_kinds.json"], clients)
        pages = [
            f"{origin}/{page}?{urlencode({'source': source, 'collector': collector.url, **options})}"
            for source, (page, options) in IN_BROWSER.items()
        ]
        browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if browser is not None:
            run([node, "browse.cjs", browser, *pages], clients)
    collector.ingest()
    return collector, datetime.fromtimestamp(int(started) / 1000, UTC)


@pytest.mark.parametrize("source", IN_NODE)
def test_node_clients(sent: tuple[Collector, datetime], source: str) -> None:
    collector, started_at = sent
    events = collector.events(source)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], anonymous_id=PERSON["device"])
    assert events["event_id"].to_list() == [f"{source}-{number}" for number in range(6)]
    moments = [started_at + timedelta(seconds=number, milliseconds=len(source)) for number in range(6)]
    assert events["client_at"].to_list() == moments


@pytest.mark.parametrize("source", IN_BROWSER)
def test_browser_clients(sent: tuple[Collector, datetime], source: str) -> None:
    program(*BROWSERS)
    events = sent[0].events(source)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], anonymous_id=PERSON["device"])
    assert events["event_id"].n_unique() == 6
    assert events["client_at"].is_sorted()
    late = events["received_at"].max() - events["client_at"].min()  # type: ignore[operator]
    assert timedelta(0) <= late < timedelta(minutes=1)
