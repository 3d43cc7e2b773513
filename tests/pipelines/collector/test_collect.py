"""`maidian collect` as its clients see it: keys, answers, origins, limits, numbers and what it says of itself."""

import gzip
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.commands import maidian
from tests.pipelines.collector.collector_process import KEY, SOURCE, CollectorProcess, collecting

EVENT = b'{"event_id":"e1","event_type":"view","occurred_at":"2026-11-20T09:30:00Z","anonymous_id":"d","sku_id":"A"}'
ORIGIN = "https://shop.example"
OTHER_KEY = "key-of-app-0123456789"
LISTED = f"""
allowed_origins = ["{ORIGIN}"]
max_body_bytes = 100000
{SOURCE}
[sources.app]
write_keys = ["{OTHER_KEY}", "second-{OTHER_KEY}"]
[sources.limited]
write_keys = ["limited-key"]
max_requests_per_second = 5
"""


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with collecting(tmp_path_factory.mktemp("collect"), LISTED) as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"X-Write-Key": KEY}, ""),
        ({"Authorization": "Bearer " + KEY}, ""),
        ({"Authorization": "Basic a2V5LW9mLXdlYi0wMTIzNDU2Nzg5Og=="}, ""),
        ({}, "?write_key=" + KEY),
        ({}, "?writeKey=" + KEY),
        ({}, "?project=default&token=" + KEY),
    ],
)
def test_a_key_may_stand_where_clients_put_it(collector: CollectorProcess, headers: dict[str, str], query: str) -> None:
    assert collector.post(EVENT, "/v1/events" + query, headers=headers, key=None).status == 200


@pytest.mark.parametrize("key", [None, "wrong", KEY[:-1], KEY + "x", KEY.upper(), "", "é", "x" * 10_000])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/batch", "/t", "/sa", "/debug"])
def test_a_wrong_key_is_401_on_every_route(collector: CollectorProcess, path: str, key: str | None) -> None:
    headers = {} if key is None else {"X-Write-Key": key.encode().decode("latin-1")}
    assert collector.post(b"{}", path, headers=headers, key=None).status == 401


def test_each_key_has_its_source(collector: CollectorProcess) -> None:
    before = collector.metrics()
    for key in (OTHER_KEY, "second-" + OTHER_KEY):
        assert collector.post(EVENT, key=key).status == 200
    after = collector.metrics()
    assert after['events_total{source="app"}'] - before['events_total{source="app"}'] == 2
    assert after['events_total{source="web"}'] == before['events_total{source="web"}']


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (EVENT, 1),
        (b"[" + EVENT + b",\n" + EVENT + b"]", 2),
        (EVENT + b"\n" + EVENT + b"\r\n", 2),
        (gzip.compress(EVENT + b"\n" + EVENT), 2),
        (gzip.compress(EVENT + b"\n") + gzip.compress(EVENT) + b"\0\0", 2),
        (b'{"event_type":"nonsense"}', 1),
        (EVENT + b"\nbroken\n[]", 3),
    ],
    ids=["one", "list", "lines", "gzip", "gzip in members", "a bad event", "bad lines"],
)
def test_every_event_of_a_readable_body_is_taken(collector: CollectorProcess, body: bytes, count: int) -> None:
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"):
        answer = collector.post(body, headers={"Content-Type": content_type})
        assert (answer.status, answer.json()) == (200, {"received": count})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (gzip.compress(EVENT)[:-9], 400),
        (b"\x1f\x8bnot gzip at all", 400),
        (gzip.compress(EVENT) + b"more", 400),
        (b"[" + b" " * 100_000 + b"]", 413),
        (gzip.compress(b"[" + b" " * 100_000 + b"]"), 413),
    ],
    ids=["empty", "no json", "cut gzip", "false gzip", "behind gzip", "too long", "too long unzipped"],
)
def test_an_unreadable_body_is_refused_with_one_line(collector: CollectorProcess, body: bytes, status: int) -> None:
    answer = collector.post(body)
    assert answer.status == status
    assert "\n" not in answer.json()["error"]


def test_answers_are_what_the_clients_need(collector: CollectorProcess) -> None:
    answer = collector.post(b'{"batch":[]}', "/v1/batch")
    assert (answer.status, answer.json()) == (200, {"success": True})
    image = collector.request("GET", f"/sa.gif?project={KEY}&data=e30=", key=None)
    assert (image.status, image.headers["content-type"], image.body[:6]) == (200, "image/gif", b"GIF89a")
    assert "no-store" in image.headers["cache-control"]
    assert collector.post(b"data=e30=", f"/sa?project={KEY}", key=None).json() == {"success": True}
    assert collector.post(b'{"series":[]}', "/m", key=None).status == 200
    assert collector.request("GET", "/v1/events").status == 405


@pytest.mark.parametrize("path", ["//v1/events", "/v1/events/", "/v1//events//"])
def test_a_slash_too_many_does_not_matter(collector: CollectorProcess, path: str) -> None:
    assert collector.post(EVENT, path).status == 200


def test_documents_for_browser_clients_need_a_key(collector: CollectorProcess) -> None:
    document = collector.request("GET", f"/v1/projects/{KEY}/settings", key=None)
    assert document.json()["integrations"]["Segment.io"]["apiKey"] == KEY
    assert document.json()["integrations"]["Segment.io"]["apiHost"].startswith(collector.url.removeprefix("http://"))
    assert collector.request("GET", "/v1/projects/wrong/settings", key=None).status == 401
    assert collector.request("GET", f"/sourceConfig/?writeKey={KEY}", key=None).json()["source"]["enabled"]
    assert collector.request("GET", "/sourceConfig/", key=None).status == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/events", EVENT),
        ("POST", "/v1/batch", b'{"batch":[]}'),
        ("POST", "/v1/events", b""),
        ("POST", "/v1/events", b"x" * 200_000),
        ("GET", "/sa.gif?data=e30=", None),
        ("GET", "/v1/projects/wrong/settings", None),
        ("GET", "/health", None),
        ("GET", "/nowhere", None),
    ],
)
@pytest.mark.parametrize("key", [KEY, "wrong"])
def test_an_allowed_origin_is_echoed_on_every_answer_and_no_other(
    collector: CollectorProcess, method: str, path: str, body: bytes | None, key: str
) -> None:
    answer = collector.request(method, path, body, {"Origin": ORIGIN}, key)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in answer.headers["vary"].lower()
    answer = collector.request(method, path, body, {"Origin": "https://evil.example"}, key)
    assert "access-control-allow-origin" not in answer.headers


def test_preflights_are_answered_as_browsers_ask(collector: CollectorProcess) -> None:
    for wanted in ("authorization,x-retry-count", "anonymousid,authorization,content-type,sentat"):
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
        answer = collector.request("OPTIONS", "/v1/batch", None, asked, None)
        assert answer.status == 200
        assert answer.headers["access-control-allow-headers"] == wanted
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        refused = collector.request("OPTIONS", "/v1/batch", None, {**asked, "Origin": "https://evil.example"}, None)
        assert refused.status == 403
        assert "access-control-allow-origin" not in refused.headers


def test_by_default_any_origin_may_read_answers_without_cookies(tmp_path: Path) -> None:
    with collecting(tmp_path) as collector:
        answer = collector.post(EVENT, headers={"Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "https://any.example"
        assert "access-control-allow-credentials" not in answer.headers


def test_a_key_over_its_limit_is_told_so_as_its_client_understands(collector: CollectorProcess) -> None:
    # Over all workers: the connections of this test land on whichever accepts them.
    time.sleep(1 - time.monotonic() % 1)  # a second begins
    answers = [collector.post(EVENT, key="limited-key") for _ in range(12)]
    statuses = [each.status for each in answers]
    assert statuses.count(200) in (5, 10)  # 10 when a slow machine needed two seconds
    assert {*statuses} == {200, 429}
    assert answers[statuses.index(429)].headers["retry-after"] == "1"
    # Held until the next second instead: this client throws away what is answered with 429.
    held = [collector.post(b"data=e30=", "/sa", key="limited-key").status for _ in range(7)]
    assert held == [200] * 7


def test_what_is_sent_and_with_which_key_is_in_no_log_and_no_number(collector: CollectorProcess) -> None:
    secret = "13800138000"
    collector.post(json.dumps({"phone": secret}).encode())
    collector.post(secret.encode())
    collector.post(EVENT, key="wrong-" + secret)
    collector.request("GET", f"/{secret}?write_key={KEY}")
    numbers = collector.request("GET", "/metrics", key=None).body.decode()
    for text in (collector.log, numbers):
        for private in (secret, KEY, OTHER_KEY, "limited-key", "127.0.0.1"):
            assert private not in text
    assert 'requests_total{protocol="native",status="401"}' in numbers


def test_health_says_that_it_answers(collector: CollectorProcess) -> None:
    assert collector.request("GET", "/health", key=None).json() == {"status": "ok"}


def test_numbers_of_all_workers_are_summed_and_outlive_one(tmp_path: Path) -> None:
    with collecting(tmp_path, "workers = 3\n" + SOURCE) as collector:
        for _ in range(30):
            assert collector.post(EVENT).status == 200
        assert collector.metrics()['events_total{source="web"}'] == 30
        for worker in collector.workers:
            os.kill(worker, signal.SIGKILL)
        assert collector.post(EVENT).status == 200  # waits in the queue of the socket for a new worker
        numbers = collector.metrics()
        assert numbers['events_total{source="web"}'] == 31
        assert numbers['requests_total{protocol="native",status="200"}'] == 31
        assert numbers['answer_seconds_count{protocol="native"}'] == 31
    assert "SIGKILL; starting another" in collector.log
    assert len(collector.kept()) == 31


@pytest.mark.parametrize(("policy", "kept"), [("drop", None), ("truncate", "203.0.113.0"), ("keep", "203.0.113.77")])
def test_addresses_of_people_are_dropped_before_anything_is_stored(
    tmp_path: Path, policy: str, kept: str | None
) -> None:
    with collecting(tmp_path, f'ip_addresses = "{policy}"\n{SOURCE}') as collector:
        address = "203.0.113.77"
        collector.post(json.dumps({"event_type": "view", "properties": {"ip": address, "version": "1.2.3.4"}}))
        track = {"type": "track", "event": "Unknown", "messageId": "m", "context": {"ip": address}}
        collector.post(json.dumps({"batch": [track, {**track, "event": "Product Viewed"}]}), "/v1/batch")
        collector.post(b'{"event_type":"view","ip" : "203.0.113.77", broken\n{}', headers={"Content-Type": "x/ndjson"})
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*.ndjson"))
    assert stored.count(b"1.2.3.4") == 1  # a version is no address
    assert stored.count(address.encode()) == (4 if policy == "keep" else 0)
    assert stored.count(b"203.0.113.0") == (4 if policy == "truncate" else 0)
    assert json.loads(next(line for line in collector.kept() if b"version" in line))["properties"]["ip"] == kept


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path, collector: CollectorProcess) -> None:
    (tmp_path / "collector.toml").write_text(SOURCE)
    done = maidian("collect", "--lake", tmp_path, "--port", collector.address[1], check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot listen on 127.0.0.1 port")
    assert done.stderr.count("\n") == 1
