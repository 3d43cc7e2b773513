"""Making a lake in an object store, and what is kept there besides tables."""

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from schemas.errors import MaidianError, UsageError
from schemas.lake.lake import create_lake, is_lake, open_lake
from schemas.lake.place import StorePlace, parse_place
from schemas.lake.storage.object_lake import client_of
from tests.object_store import ObjectStore


class Careless(BaseHTTPRequestHandler):
    """Hands every request on without its conditions, as a store that does not know them would take it."""

    protocol_version = "HTTP/1.1"
    store = ""

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("if-")}
        connection = http.client.HTTPConnection(urlsplit(self.store).netloc)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header(
            "Content-Length", answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        )
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _hand_on  # noqa: N815 the names that the library calls

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def careless_url(object_store: ObjectStore) -> Iterator[str]:
    handler = type("Handler", (Careless,), {"store": object_store.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_store_that_ignores_conditions_is_refused_and_nothing_stays_in_it(
    store_place: StorePlace, careless_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", careless_url)
    with pytest.raises(MaidianError, match="ignores the conditions If-None-Match and If-Match of writes"):
        create_lake(store_place)
    assert client_of(store_place).list_all("") == []


def test_a_lake_is_made_once_by_however_many(store_place: StorePlace) -> None:
    assert not is_lake(store_place)
    with ThreadPoolExecutor(4) as pool:
        lakes = list(pool.map(lambda _: create_lake(store_place), range(4)))
    assert {lake.time_zone for lake in lakes} == {"Asia/Shanghai"}
    assert create_lake(store_place) == open_lake(store_place)
    with pytest.raises(UsageError, match="is of time zone Asia/Shanghai, not Europe/London"):
        create_lake(store_place, "Europe/London")


def test_a_wrong_zone_makes_no_lake(store_place: StorePlace) -> None:
    with pytest.raises(UsageError, match="unknown time zone 'Mars/Olympus'"):
        create_lake(store_place, "Mars/Olympus")
    assert not is_lake(store_place)


def test_no_line_of_a_log_is_lost_between_machines(store_place: StorePlace) -> None:
    lake = create_lake(store_place)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: lake.kept.append_line("runs/runs.ndjson", b'{"n":%d}' % number), range(12)))
    lines = lake.kept.read("runs/runs.ndjson").splitlines()
    assert sorted(lines) == sorted(b'{"n":%d}' % number for number in range(12))


def test_what_is_kept_is_there_on_a_machine_that_has_lost_its_folder(store_place: StorePlace) -> None:
    lake = create_lake(store_place)
    name = "ingest/index/a.npy"
    (lake.path / name).parent.mkdir(parents=True)
    (lake.path / name).write_bytes(b"ids")
    lake.kept.keep([name])
    (lake.path / name).unlink()
    lake.kept.recall([name])
    assert (lake.path / name).read_bytes() == b"ids"
    assert [one.name for one in lake.kept.names("ingest/index")] == [name]
    lake.kept.remove([name])
    assert lake.kept.names("ingest/index") == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://shop/a/b", StorePlace("shop", "a/b")),
        ("s3://shop", StorePlace("shop", "")),
        ("s3://shop/a/", StorePlace("shop", "a")),
        ("lake", Path("lake")),
        (Path("s3") / "lake", Path("s3/lake")),
    ],
)
def test_a_place_is_told_from_a_path(text: str | Path, place: Path | StorePlace) -> None:
    assert parse_place(text) == place
