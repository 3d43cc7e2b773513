"""What collectors that died left behind: cut to whole requests and finished, by whoever lives."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.collector.landing_files import FileLanding
from pipelines.collector.recovery import finish_abandoned
from pipelines.collector.segment import GROWING_SUFFIX, GrowingSegment, whole_requests_bytes
from pipelines.landing import list_segments, open_segment
from tests.pipelines.collector.test_landing_files import growing, lines_of

DYING_WRITER = """
import os, signal, sys
from pathlib import Path
from pipelines.collector.segment import GrowingSegment
segment = GrowingSegment(Path(sys.argv[1]), "of-the-dead")
segment.write(bytes.fromhex(sys.argv[2]))
print("written", flush=True)
{end}
"""


def leave_behind(
    folder: Path, content: bytes, end: str = "os.kill(os.getpid(), signal.SIGKILL)"
) -> subprocess.Popen[str]:
    """A growing segment with this content, whose writer was killed, or ends as told."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", DYING_WRITER.format(end=end), str(folder), content.hex()]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    return writer


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (b'{"a":1}\n{"b":2}\r\n', b'{"a":1}\n{"b":2}\r\n'),
        (b'{"a":1}\r\n{"torn', b'{"a":1}\r\n'),
        (b'{"a":1}\r\n{"b":1}\n{"b":2}\n', b'{"a":1}\r\n'),
        (b'{"a":1}\r\n{"b":1}\r', b'{"a":1}\r\n'),
        (b'{"torn', None),
        (b'{"a":1}\n', None),
    ],
    ids=["whole", "torn line", "torn request", "torn mark", "one torn line", "nothing whole"],
)
def test_what_a_dead_writer_left_is_cut_to_whole_requests(tmp_path: Path, content: bytes, whole: bytes | None) -> None:
    leave_behind(tmp_path / "web", content).communicate()
    assert finish_abandoned(tmp_path) == 1
    assert growing(tmp_path) == []
    segments = list_segments(tmp_path)
    assert [(tmp_path / each.name).read_bytes() for each in segments] == ([] if whole is None else [whole])
    assert finish_abandoned(tmp_path) == 0


def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    writer = leave_behind(tmp_path / "web", b"1\r\n", end="sys.stdin.read()")
    try:
        assert finish_abandoned(tmp_path) == 0
        assert len(growing(tmp_path)) == 1
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert finish_abandoned(tmp_path) == 1
    assert lines_of(tmp_path) == [b"1"]


def test_a_new_empty_segment_is_left_to_its_writer_and_an_old_one_removed(tmp_path: Path) -> None:
    path = tmp_path / "web" / f"new{GROWING_SUFFIX}"
    path.parent.mkdir()
    path.touch()
    finish_abandoned(tmp_path)
    assert path.exists()
    os.utime(path, (time.time() - 100, time.time() - 100))
    finish_abandoned(tmp_path)
    assert not path.exists()


def test_a_surviving_landing_finishes_the_segments_of_the_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.collector.landing_files.RECOVERY_SECONDS", 0.1)

    async def run() -> None:
        landing = FileLanding(tmp_path)
        await landing.start()
        leave_behind(tmp_path / "web", b"1\r\n").communicate()
        await asyncio.sleep(1.5)
        assert lines_of(tmp_path) == [b"1"]
        await landing.close()

    asyncio.run(run())


def test_the_landing_of_imports_sweeps_no_growing_segment(tmp_path: Path) -> None:
    leave_behind(tmp_path / "web", b"1\r\n").communicate()
    with open_segment(tmp_path, "web", "imported") as segment:
        segment.write(b"{}\n")
    assert len(growing(tmp_path)) == 1


def test_a_lock_is_taken_before_anything_is_written(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path, "one")
    with segment.path.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    segment.finish()
    assert list(tmp_path.iterdir()) == []  # nothing was committed


@settings(max_examples=200)
@given(st.binary(max_size=40).map(lambda data: data.replace(b"x", b"\r\n")), st.integers(2, 7))
def test_whole_requests_end_at_the_last_mark_wherever_reads_are_cut(content: bytes, piece: int) -> None:
    read_end = os.memfd_create("tail")
    try:
        os.write(read_end, content)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pipelines.collector.segment._TAIL_BYTES", piece)
            found = whole_requests_bytes(read_end)
    finally:
        os.close(read_end)
    assert found == (content.rfind(b"\r\n") + 2 if b"\r\n" in content else 0)
