"""What goes wrong in practice: one clear line, the right exit code, and nothing half-written."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from schemas.lake.locks import hold_lock
from tests.end_to_end.commands import glob_of, maidian

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]

EVENT = {
    "event_type": "view",
    "occurred_at": "2024-11-20T10:00:00+08:00",
    "customer_id": "C1",
    "sku_id": "S1",
}


def lines(first: int, count: int) -> str:
    # Ids that do not compress, or a small disk would hold them all.
    return "".join(
        json.dumps({"event_id": os.urandom(24).hex(), "session_id": os.urandom(96).hex(), **EVENT, "buyer_id": str(n)})
        + "\n"
        for n in range(first, first + count)
    )


def land(lake: Path, name: str, text: str) -> None:
    path = lake / "landing" / "web" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def refused(*arguments: object, code: int, says: str) -> str:
    """Run a command that must fail with one line."""
    done = maidian(*arguments, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    return done.stderr


def event_count(lake: Path) -> int:
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM read_parquet('{glob_of(lake, 'events')}')").fetchall()
    return int(count)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """A small file system of its own; skips where this machine lets nobody mount."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_said_and_what_was_published_stands(tmp_path: Path) -> None:
    place = tmp_path / "small"
    with mounted(place, "-t", "tmpfs", "-o", "size=12m", "tmpfs"):
        lake = place / "lake"
        land(lake, "a.ndjson", lines(0, 10))
        maidian("ingest", "--lake", lake)
        landing = tmp_path / "landing"
        (landing / "web").mkdir(parents=True)
        (landing / "web" / "a.ndjson").write_bytes((lake / "landing" / "web" / "a.ndjson").read_bytes())
        (landing / "web" / "b.ndjson").write_text(lines(10, 60_000))
        message = refused("ingest", "--lake", lake, "--landing", landing, code=1, says="space")
        assert str(lake) in message
        assert event_count(lake) == 10
        subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)
        maidian("ingest", "--lake", lake, "--landing", landing)
        assert event_count(lake) == 60_010


def test_a_read_only_lake_is_said_and_can_still_be_read(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    land(lake, "a.ndjson", lines(0, 10))
    maidian("ingest", "--lake", lake)
    land(lake, "b.ndjson", lines(10, 10))
    with mounted(lake, "--bind", str(lake)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(lake)], check=True)
        refused("ingest", "--lake", lake, code=1, says="read-only")
        refused("run", "--lake", lake, code=1, says="read-only")
        assert "events" in maidian("status", "--lake", lake).stdout
        assert event_count(lake) == 10


def test_another_time_zone_is_refused(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    maidian("init", "--lake", lake, "--time-zone", "Europe/London")
    (lake / "landing").mkdir(exist_ok=True)
    refused("ingest", "--lake", lake, "--time-zone", "Asia/Shanghai", code=2, says="Europe/London")


@pytest.mark.parametrize("command", ["ingest", "run"])
def test_a_second_writer_is_refused_and_the_first_is_named(tmp_path: Path, command: str) -> None:
    lake = tmp_path / "lake"
    land(lake, "a.ndjson", lines(0, 10))
    maidian("ingest", "--lake", lake)
    with hold_lock(lake / "locks" / f"{command}.lock", "a test"):
        refused(command, "--lake", lake, code=1, says=f"process {os.getpid()}")


def test_an_unknown_column_in_a_mapping_is_named_with_those_like_it(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("Invoice,Product\n1,2\n")
    refused(
        "import",
        tmp_path / "orders.csv",
        "--mapping",
        "online_retail",
        "--lake",
        tmp_path / "lake",
        code=2,
        says="has no column",
    )
    assert not list((tmp_path / "lake").rglob("*.ndjson*"))


def test_an_empty_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    refused(
        "import",
        tmp_path / "empty.csv",
        "--mapping",
        "online_retail",
        "--lake",
        tmp_path / "lake",
        code=2,
        says="empty",
    )


def test_a_truncated_gzip_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    whole = gzip.compress(lines(0, 5000).encode())
    (tmp_path / "web.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    refused("import", tmp_path / "web.ndjson.gz", "--source", "web", "--lake", tmp_path / "lake", code=2, says="gz")
    assert not list((tmp_path / "lake").rglob("*.ndjson*"))


def test_no_landing_and_no_lake_are_said(tmp_path: Path) -> None:
    refused("ingest", "--lake", tmp_path / "lake", code=2, says="no landing")
    refused("run", "--lake", tmp_path / "lake", code=2, says="no lake")
    assert not (tmp_path / "lake").exists()
