"""The real JavaScript clients, unmodified, in Node and in Chromium; the events in the lake equal what was sent."""

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

from tests.pipelines.collector.clients.collector_under_test import SIX_KINDS, Collector, assert_six_kinds, running
from tests.pipelines.collector.clients.conftest import BROWSERS

pytestmark = [pytest.mark.ci, pytest.mark.timeout(400)]  # npm fetches the clients, and a browser starts

PERSON = SIX_KINDS["person"]
IN_NODE = ["segment-node", "rudder-node"]
WRONG_CLOCK = "segment-wrong-clock"
CLOCK_IS_WRONG_BY = timedelta(hours=3)
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
def sent(javascript_clients: Path, node: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Collector, datetime]:
    """The collector after all of them sent, its events in the lake, and when the Node clients began."""
    sources = [*IN_NODE, WRONG_CLOCK, *IN_BROWSER]
    with (
        running(tmp_path_factory.mktemp("javascript") / "lake", sources) as collector,
        shop(javascript_clients) as origin,
    ):
        started = run([node, "send.cjs", collector.url, "six_kinds.json"], javascript_clients)
        wrong_by = str(int(CLOCK_IS_WRONG_BY.total_seconds() * 1000))
        run([node, "send.cjs", collector.url, "six_kinds.json", wrong_by], javascript_clients)
        pages = [
            f"{origin}/{page}?{urlencode({'source': source, 'collector': collector.url, **options})}"
            for source, (page, options) in IN_BROWSER.items()
        ]
        browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if browser is not None:
            run([node, "browse.cjs", browser, *pages], javascript_clients)
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


def test_a_wrong_clock_is_put_right(sent: tuple[Collector, datetime]) -> None:
    events = sent[0].events(WRONG_CLOCK)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], anonymous_id=PERSON["device"])
    for row in events.iter_rows(named=True):
        assert row["client_at"] - row["received_at"] > CLOCK_IS_WRONG_BY - timedelta(minutes=2)
        assert row["occurred_at"] - row["client_at"] == row["received_at"] - row["sent_at"]
        assert timedelta(0) < row["received_at"] - row["occurred_at"] < timedelta(minutes=2)


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("source", IN_BROWSER)
def test_browser_clients(sent: tuple[Collector, datetime], source: str) -> None:
    events = sent[0].events(source)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], anonymous_id=PERSON["device"])
    assert events["event_id"].n_unique() == 6
    assert events["client_at"].is_sorted()
    late = events["received_at"].max() - events["client_at"].min()  # type: ignore[operator]
    assert timedelta(0) <= late < timedelta(minutes=1)
