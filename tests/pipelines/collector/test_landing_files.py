"""The file landing on real file systems: what is answered is there, what is not is not, whatever happens between."""

import asyncio
import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.collector.landing import LandingFullError, LandingSlowError
from pipelines.collector.landing_files import FileLanding, FileLandingLimits
from pipelines.collector.segment import GROWING_SUFFIX
from pipelines.landing import list_segments


def lines_of(folder: Path, source: str = "web") -> list[bytes]:
    """Every line of the complete segments of a source."""
    lines: list[bytes] = []
    for segment in list_segments(folder):
        if segment.source == source:
            lines += (folder / segment.name).read_bytes().splitlines()
    return lines


def growing(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{GROWING_SUFFIX}"))


async def opened(folder: Path, **limits: float) -> FileLanding:
    landing = FileLanding(folder, FileLandingLimits(**limits))  # type: ignore[arg-type]
    await landing.start()
    return landing


def test_requests_that_wait_together_share_a_commit_and_every_line_is_there(tmp_path: Path) -> None:
    counts: list[int] = []

    async def run() -> None:
        landing = FileLanding(tmp_path, on_commit=lambda commit: counts.append(commit.request_count))
        await landing.start()
        await asyncio.gather(*(landing.append("web", [b'{"n":%d}' % n, b'{"m":%d}' % n]) for n in range(200)))
        await landing.close()

    asyncio.run(run())
    assert sorted(lines_of(tmp_path)) == sorted(b'{"%s":%d}' % (key, n) for n in range(200) for key in (b"n", b"m"))
    assert sum(counts) == 200
    assert len(counts) < 10
    assert growing(tmp_path) == []


def test_nothing_is_answered_before_it_is_in_the_file(tmp_path: Path) -> None:
    async def run() -> None:
        landing = await opened(tmp_path)
        await landing.append("web", [b'{"a":1}'], [b'{"original":1}'])
        [unmapped, mapped] = growing(tmp_path)
        assert mapped.read_bytes() == b'{"a":1}\r\n'
        assert unmapped.parent == tmp_path / ".unmapped" / "web"
        assert unmapped.read_bytes() == b'{"original":1}\r\n'
        await landing.close()

    asyncio.run(run())
    assert [each.source for each in list_segments(tmp_path)] == ["web"]  # the ingest does not see what is unmapped


def test_a_segment_is_finished_when_it_is_large_or_old_enough(tmp_path: Path) -> None:
    async def run() -> None:
        landing = await opened(tmp_path, max_segment_bytes=10_000, max_segment_seconds=0.1)
        await landing.append("web", [b"x" * 20_000])
        assert len(list_segments(tmp_path)) == 1
        await landing.append("web", [b'"little"'])
        assert len(list_segments(tmp_path)) == 1
        await asyncio.sleep(1.6)
        assert len(list_segments(tmp_path)) == 2
        await landing.close()

    asyncio.run(run())


def test_a_line_break_in_a_line_is_our_bug_and_keeps_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        landing = await opened(tmp_path)
        with pytest.raises(ValueError, match="line break"):
            await landing.append("web", [b'{"a":\n1}'])
        with pytest.raises(ValueError, match="source"):
            await landing.append("../web", [b"{}"])
        await landing.append("web", [b'{"a":1}\r', b'{"b":2}\r\r'])  # CR at the end of a line marks nothing but ends
        await landing.close()

    asyncio.run(run())
    [segment] = list_segments(tmp_path)
    assert (tmp_path / segment.name).read_bytes() == b'{"a":1}\n{"b":2}\r\n'


def test_one_who_stops_waiting_harms_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        landing = await opened(tmp_path)
        tasks = [asyncio.ensure_future(landing.append("web", [b"%d" % n])) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in done[1::2] if each is not None] == []
        await landing.close()

    asyncio.run(run())
    assert {b"%d" % n for n in range(1, 50, 2)} <= set(lines_of(tmp_path))


def test_more_than_may_wait_is_told_to_come_again(tmp_path: Path) -> None:
    async def run() -> None:
        landing = await opened(tmp_path, max_waiting_bytes=1000)
        first = asyncio.ensure_future(landing.append("web", [b"x" * 900]))
        await asyncio.sleep(0)
        with pytest.raises(LandingSlowError):
            await landing.append("web", [b"y" * 200])
        await first
        await landing.append("web", [b"z" * 5000])  # alone, even one that is larger goes through
        await landing.close()

    asyncio.run(run())
    assert [line[:1] for line in lines_of(tmp_path)] == [b"x", b"z"]


def test_a_disk_that_does_not_answer_frees_those_who_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No file system here can be made to hang on demand, so the system call is.
    sync = os.fdatasync
    answers = threading.Event()

    def hanging(descriptor: int) -> None:
        answers.wait(60)
        sync(descriptor)

    async def run() -> None:
        landing = await opened(tmp_path, max_commit_seconds=0.2)
        monkeypatch.setattr(os, "fdatasync", hanging)
        first = asyncio.ensure_future(landing.append("web", [b"1"]))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(landing.append("web", [b"2"]))
        for each in (first, second):
            with pytest.raises(LandingSlowError):
                await each
        with pytest.raises(LandingSlowError):
            await landing.append("web", [b"3"])
        answers.set()
        while True:
            await asyncio.sleep(0.02)
            with suppress(LandingSlowError):
                await landing.append("web", [b"4"])
                break
        await landing.close()

    asyncio.run(run())
    assert lines_of(tmp_path) == [b"1", b"4"]  # the first was under way and came through; nobody else was half kept


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_keeps_nothing_of_what_it_refuses_and_recovers_alone(little_disk: Path) -> None:
    kept: list[bytes] = []
    refused: list[bytes] = []
    retry_after: list[int] = []

    async def send(landing: FileLanding, name: bytes) -> None:
        lines = [name + b"-%d-" % n + b"x" * 5000 for n in range(10)]
        try:
            await landing.append("web", lines)
        except LandingFullError as error:
            retry_after.append(error.retry_after_seconds)
            refused.extend(lines)
        else:
            kept.extend(lines)

    async def run() -> None:
        landing = await opened(little_disk)
        ballast = little_disk / "ballast"
        ballast.write_bytes(b"b" * 400_000)
        for n in range(20):
            await send(landing, b"full-%d" % n)
        assert kept
        assert refused
        assert min(retry_after) > 0
        ballast.unlink()
        await send(landing, b"again")
        assert kept[-1].startswith(b"again")
        await landing.close()

    asyncio.run(run())
    assert sorted(lines_of(little_disk)) == sorted(kept)
    assert growing(little_disk) == []


def test_an_error_of_the_device_takes_the_group_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # EIO is for broken disks; the system call that meets it first stands in for one.
    sync = os.fdatasync
    broken = True

    def failing(descriptor: int) -> None:
        if broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    async def run() -> None:
        nonlocal broken
        landing = await opened(tmp_path)
        broken = False
        monkeypatch.setattr(os, "fdatasync", failing)
        await landing.append("web", [b"before"])
        broken = True
        with pytest.raises(LandingFullError):
            await landing.append("web", [b"lost"], [b"lost as well"])
        broken = False
        await landing.append("web", [b"after"])
        await landing.close()

    asyncio.run(run())
    assert lines_of(tmp_path) == [b"before", b"after"]
    assert list((tmp_path / ".unmapped").rglob("*.ndjson")) == []
