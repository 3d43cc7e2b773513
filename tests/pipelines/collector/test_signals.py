"""Signals: the end of a collector in good order and in bad, and settings that are read again."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.pipelines.collector.collector_process import KEY, SOURCE, CollectorProcess, collecting

EVENT = b'{"event_id":"e1","event_type":"view","occurred_at":"2026-11-20T09:30:00Z","anonymous_id":"d","sku_id":"A"}'


def test_sigterm_finishes_what_is_under_way_and_gives_every_segment_its_name(tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path)
    try:
        with collector.connect() as slow:
            slow.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: %s\r\n" % KEY.encode())
            slow.sendall(b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT[:20])
            time.sleep(0.3)
            collector.signal(signal.SIGTERM)
            time.sleep(0.3)
            slow.sendall(EVENT[20:])
            assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        assert collector.wait() == 0
    finally:
        collector.end()
    assert len(collector.kept()) == 1
    assert not list(tmp_path.rglob("*.tmp"))


def test_workers_end_and_free_the_port_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path)
    try:
        assert collector.post(EVENT).status == 200
        collector.signal(signal.SIGKILL)
        collector.wait()
        again = CollectorProcess(tmp_path, port=collector.address[1])
        assert again.post(EVENT).status == 200
        assert again.stop() == 0
    finally:
        collector.end()
    assert len(collector.kept()) == 2


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it."""
    give_up_at = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_sighup_takes_keys_and_mappings_over_and_loses_nothing_answered(tmp_path: Path) -> None:
    track = b'{"type":"track","event":"Looked","properties":{"sku":"a"},"userId":"C1"}'
    with collecting(tmp_path) as collector:
        assert collector.post(track, "/v1/track").status == 200
        before = collector.workers
        (tmp_path / "collector.toml").write_text('workers = 3\n[sources.web]\nwrite_keys = ["the-next-key"]\n')
        (tmp_path / "mappings").mkdir()
        (tmp_path / "mappings" / "web.toml").write_text('[[segment.event]]\nname = "Looked"\ntype = "view"\n')
        collector.signal(signal.SIGHUP)
        statuses = []

        def is_taken_over() -> bool:
            statuses.append({key: status_of(collector, key) for key in (KEY, "the-next-key")})
            return not {*before} & {*collector.workers} and "read again" in collector.log

        until(is_taken_over)
        assert {status for each in statuses for status in each.values()} - {None} == {200, 401}
        assert statuses[0][KEY] == 200
        assert collector.post(track, "/v1/track", key="the-next-key").status == 200
        assert collector.post(EVENT).status == 401
        assert "another value of workers counts from the next start" in collector.log
    assert sum(b'"sku_id":"a"' in line and b'"view"' in line for line in collector.kept()) == 1
    kept = sum(status == 200 for each in statuses for status in each.values())
    assert len(collector.kept()) == kept + 1
    assert len(list((tmp_path / "landing" / ".unmapped" / "web").glob("*.ndjson"))) == 1


def status_of(collector: CollectorProcess, key: str) -> int | None:
    """None: the connection still waited in the queue of a worker that stopped, and was reset; clients send again."""
    try:
        return collector.post(EVENT, key=key).status
    except ConnectionResetError:
        return None


def test_settings_with_mistakes_are_not_taken_over_at_sighup(tmp_path: Path) -> None:
    with collecting(tmp_path) as collector:
        workers = collector.workers
        (tmp_path / "collector.toml").write_text("prot = 1\nworker = 2\n" + SOURCE)
        collector.signal(signal.SIGHUP)
        until(lambda: "goes on with the settings it has" in collector.log)
        assert collector.log.count("there is no setting") == 2
        assert collector.workers == workers
        assert collector.post(EVENT).status == 200
