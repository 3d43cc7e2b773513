"""A disk that fills up under load and empties again: correct answers, nothing answered is lost, nobody is needed."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.collector_load import BATCH, Load
from tests.end_to_end.test_collect_kill import batches_of
from tests.pipelines.collector.collector_process import KEY, SOURCE, CollectorProcess, collecting

pytestmark = pytest.mark.ci

SETTINGS = f"workers = 2\nmax_segment_seconds = 1\nhold_seconds = 2\n{SOURCE}"
BALLAST_BYTES = 6_000_000


@pytest.fixture(params=["tmpfs", "ext4"])
def little_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes, in memory or, as ext4, in a file on a loop device."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    else:
        image = tmp_path / "image"
        image.write_bytes(bytes(10 * 1024 * 1024))
        made = subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", image], capture_output=True, check=False)
        if made.returncode:
            pytest.skip("no mkfs.ext4 here")
        command = ["mount", "-o", "loop", str(image), str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_fills_up_and_empties_again(little_disk: Path, tmp_path: Path) -> None:
    landing = little_disk / "landing"
    with collecting(tmp_path / "lake", SETTINGS, "--landing", str(landing)) as collector:
        load = Load(lambda: collector.address, KEY, client_count=3)
        load.start()
        wait_for(lambda: len(load.answered) > 20)
        ballast = fill(little_disk)
        wait_for(lambda: load.refused.get(503, 0) > 20)
        full_answers(collector)
        ballast.unlink()
        answered = len(load.answered)
        wait_for(lambda: len(load.answered) > answered + 20)
        load.stop()
    assert set(load.refused) == {503}
    assert "No space left on device" in collector.log
    assert collector.log.count("\n") < 40  # said once and now and then, not for each request

    landed = [
        json.loads(line) for path in (landing / "web").glob("*.ndjson") for line in path.read_bytes().splitlines()
    ]
    in_landing = batches_of([each["event_id"] for each in landed if "event_id" in each])
    assert set(in_landing) == load.answered  # what was refused is not there, not even in part
    assert set(in_landing.values()) == {BATCH}
    assert not list(landing.rglob("*.tmp"))


def full_answers(collector: CollectorProcess) -> None:
    """Each client gets the answer that makes it send again."""
    event = b'{"event_type":"view","padding":"%s"}' % (b"x" * 100_000)  # more than any slack of the last block
    segment = b'{"batch":[{"type":"track","event":"Product Viewed","properties":{"sku":"%s"}}]}' % (b"x" * 100_000)
    for path, body in (("/v1/events", event), ("/v1/batch", segment)):
        answer = collector.post(body, path)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
    started = time.monotonic()
    answer = collector.post(b'{"type":"track","event":"%s"}' % (b"x" * 100_000), "/sa")
    assert answer.status == 503  # never 429
    assert time.monotonic() - started > 1.5  # held first


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"b" * 65_536)
            except OSError:
                return ballast


def wait_for(is_so: "object", seconds: float = 40) -> None:
    assert callable(is_so)
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
