"""Hostile clients: the process stays up, its memory stays small, and good requests beside them are answered."""

import base64
import gzip
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.pipelines.collector.collector_process import KEY, SOURCE, CollectorProcess, collecting

pytestmark = pytest.mark.ci

MEBIBYTE = 1024 * 1024
SETTINGS = f"""
workers = 1
head_timeout_seconds = 1
body_timeout_seconds = 2
max_connections = 150
{SOURCE}
"""
HEAD = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\n".encode()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with collecting(tmp_path_factory.mktemp("hostile"), SETTINGS) as running:
        yield running


@pytest.fixture(autouse=True)
def stays_well(collector: CollectorProcess) -> Iterator[None]:
    """After each attack: the same worker, no more memory than a few bodies take, and good requests are answered."""
    [worker] = collector.workers
    yield
    assert collector.is_alive_and_well()
    assert collector.workers == [worker]
    assert resident_bytes(worker) < 200 * MEBIBYTE


def resident_bytes(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1024


def answer_of(connection: socket.socket) -> bytes:
    """Whatever comes back until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def send_all_that_is_taken(connection: socket.socket, piece: bytes, count: int) -> int:
    """Send until the other side will not have it; returns how many pieces went."""
    for n in range(count):
        try:
            connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return n
    return count


def test_a_zip_bomb_costs_what_a_body_may_and_no_more(collector: CollectorProcess) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * MEBIBYTE) for _ in range(256)) + packer.flush()
    for path in ("/v1/events", "/v1/batch"):
        assert collector.post(bomb, path).status == 413
    assert collector.post(gzip.compress(bomb)).status == 400  # what is inside is not unzipped once more


def test_a_sensors_bomb_inside_base64(collector: CollectorProcess) -> None:
    bomb = base64.b64encode(gzip.compress(b" " * (64 * MEBIBYTE)))
    assert collector.post(b"gzip=1&data=" + bomb, "/sa").status == 413


def test_a_gigabyte_that_says_so_is_refused_unread(collector: CollectorProcess) -> None:
    with collector.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1073741824\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("key", [KEY, "wrong"])
def test_a_gigabyte_in_chunks_is_refused_while_it_is_read(collector: CollectorProcess, key: str) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with collector.connect() as connection:
        connection.sendall(HEAD.replace(KEY.encode(), key.encode()) + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = send_all_that_is_taken(connection, chunk, 16_384)
        answer = answer_of(connection)
    if sent == 16_384:  # read and thrown away while the client was given time to read its answer
        assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 401 "))
    assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 401 ")) or answer == b""


def test_a_client_that_reads_gets_its_413_though_it_still_sends(collector: CollectorProcess) -> None:
    with collector.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 20000000\r\n\r\n" + b"x" * 3_000_000)
        assert answer_of(connection).startswith(b"HTTP/1.1 413 ")


def test_slow_heads_and_bodies_are_ended_and_hold_nobody_up(collector: CollectorProcess) -> None:
    slow = [collector.connect() for _ in range(100)]
    for n, connection in enumerate(slow):
        connection.sendall((b"", b"POST /v1", HEAD, HEAD + b"Content-Length: 100\r\n\r\nx")[n % 4])
    started = time.monotonic()
    assert collector.is_alive_and_well()
    assert time.monotonic() - started < 1
    answers = [answer_of(connection) for connection in slow]
    assert time.monotonic() - started < 8
    for connection in slow:
        connection.close()
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}


def test_a_body_that_drips_is_ended(collector: CollectorProcess) -> None:
    with collector.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        started = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - started < 10:
                connection.sendall(b" ")
                time.sleep(0.1)
        assert time.monotonic() - started < 8


def test_more_connections_than_allowed_are_told_so(collector: CollectorProcess) -> None:
    many = [collector.connect() for _ in range(170)]
    with many[-1] as last:
        assert answer_of(last).startswith(b"HTTP/1.1 503 ")
    for connection in many:
        connection.close()
    time.sleep(0.3)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500_000,
        b"GET / HTTP/1.1\r\n" + b"a" * 10_000_000,
    ],
    ids=["address", "one header", "many headers", "headers without end", "a name without end"],
)
def test_a_flood_of_headers_is_cut_off(collector: CollectorProcess, head: bytes) -> None:
    with collector.connect() as connection:
        for start in range(0, len(head), 16_384):
            if send_all_that_is_taken(connection, head[start : start + 16_384], 1) == 0:
                break
        assert answer_of(connection)[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ", b"")


def test_trailers_without_end_are_cut_off(collector: CollectorProcess) -> None:
    with collector.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
        send_all_that_is_taken(connection, b"X: " + b"y" * 65_536, 4000)
        assert answer_of(connection)[:13] in (b"HTTP/1.1 413 ", b"")


DEEP = 100_000


@pytest.mark.parametrize("path", ["/v1/events", "/v1/batch", "/v1/track", "/sa"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP + b"]" * DEEP,
        b"[" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"batch":[' + b'{"a":[' * DEEP + b"]}" * DEEP + b"]}",
        b'{"event_type":"view","properties":' + b"[" * DEEP + b"]" * DEEP + b"}",
    ],
    ids=["arrays", "open arrays", "objects", "in a batch", "in an event"],
)
def test_json_of_any_depth_is_answered(collector: CollectorProcess, path: str, body: bytes) -> None:
    assert collector.post(body, path).status in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b'{"event_type":"view","sku_id":"\xff"}',
        b'{"event_type":"\\ud800"}',
        b"\x00" * 1000,
        b"\xef\xbb\xbf{}",
        b'{"a":1e999999}',
        b'{"a":' + b"9" * 100_000 + b"}",
        b"{}\n" * 50_000,
        b"[" + b"1," * 50_000 + b"1]",
        b"[]" + b"\n" * 1_000_000,
        b'"' + b"\\" * 100_001,
    ],
    ids=[
        "bytes",
        "bytes in text",
        "surrogate",
        "zeros",
        "mark",
        "exponent",
        "digits",
        "lines",
        "ones",
        "empty",
        "slashes",
    ],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/batch", "/v1/track", "/sa", "/b", "/beacon/v1/batch"])
def test_bodies_that_are_no_good_are_answered(collector: CollectorProcess, path: str, body: bytes) -> None:
    assert collector.post(body, path).status in (200, 400)


@pytest.mark.parametrize(
    "target",
    [
        b"/../../etc/passwd",
        b"/v1/../metrics",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/v1/events/%00",
        b"/v1/projects/%2e%2e%2f%2e%2e/settings",
        b"/v1/projects/" + b"%ff" * 50 + b"/settings",
        b"//evil.example/v1/events",
        b"http://evil.example/",
        b"*",
        b"/\xff\xfe",
        b"/?" + b"&".join(b"a=b" for _ in range(10_000)),
        b"/v1/events?" + b"&".join(b"a=b" for _ in range(10_000)),
    ],
)
@pytest.mark.parametrize(
    "method", [b"GET", b"POST", b"OPTIONS", b"HEAD", b"TRACE", b"PUT", b"DELETE", b"CONNECT", b"X"]
)
def test_tricks_with_paths_and_methods_reach_no_file_and_no_event(
    collector: CollectorProcess, method: bytes, target: bytes
) -> None:
    with collector.connect() as connection:
        connection.sendall(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = answer_of(connection)
    status = int(answer[9:12])
    assert status in (400, 401, 403, 404, 405) or (method == b"OPTIONS" and status == 200)
    assert b"root:" not in answer


def test_smuggled_requests_are_refused(collector: CollectorProcess) -> None:
    for fields in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 1e3\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ):
        with collector.connect() as connection:
            connection.sendall(HEAD + fields + b"\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b'"status"' not in answer_of(connection)


def test_many_requests_in_one_go_are_all_answered(collector: CollectorProcess) -> None:
    body = b'{"event_type":"view"}'
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with collector.connect() as connection:
        connection.sendall(request * 200 + HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
        assert answer_of(connection).count(b"HTTP/1.1 200 OK") == 201


def test_clients_that_leave_early_cost_nothing(collector: CollectorProcess) -> None:
    gone = 'requests_total{protocol="native",status="499"}'
    gone_before = collector.metrics()[gone]
    head = HEAD + b"Content-Length: 23\r\n\r\n"
    for n in range(200):
        connection = collector.connect()
        connection.sendall((head + b'{"event_type":"view"} ')[: 20 + n])
        connection.close()
    time.sleep(0.5)
    assert collector.metrics()["connections"] < 20
    assert collector.metrics()[gone] - gone_before == 220 - len(head)  # those whose head was whole
