"""An export killed at any moment: no list that the log does not know, and the next one makes everything whole."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maidian.reading.views import connect
from schemas.lake.lake import open_lake
from tests.maidian.audiences.test_export import link_or_copy

REPOSITORY = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("export_once.py")
KILLS = 8
UNREAD = shutil.ignore_patterns("landing", "ingest", "events", "session_events", "runs", "staging")


def run(lake: Path, out: Path, kill_after_seconds: float | None = None) -> float:
    """Run an export, or kill it so long after it began; how long it took."""
    command = [sys.executable, str(SCRIPT), str(lake), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        began = time.monotonic()
        if kill_after_seconds is not None:
            time.sleep(kill_after_seconds)
            process.kill()
    assert kill_after_seconds is not None or process.returncode == 0
    return time.monotonic() - began


def logged(lake: Path) -> int:
    with connect(open_lake(lake)) as connection:
        (row,) = connection.execute("SELECT count(DISTINCT export_id) FROM export_log").fetchall()
        return int(row[0])


@pytest.mark.ci
@pytest.mark.timeout(600)
def test_killed_anywhere(demo_lake: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(demo_lake, whole, symlinks=True, copy_function=link_or_copy, ignore=UNREAD)
    takes_seconds = run(whole, tmp_path / "whole_out")
    expected = {path.name: path.read_bytes() for path in (tmp_path / "whole_out").iterdir()}
    for kill in range(KILLS):
        lake, out = tmp_path / f"lake{kill}", tmp_path / f"out{kill}"
        shutil.copytree(demo_lake, lake, symlinks=True, copy_function=link_or_copy, ignore=UNREAD)
        run(lake, out, takes_seconds * kill / KILLS)
        named = [path for path in out.glob("*") if not path.name.startswith(".")]
        assert logged(lake) == 1 or not named
        run(lake, out)
        assert logged(lake) == 1
        assert {path.name: path.read_bytes() for path in out.iterdir()} == expected
        shutil.rmtree(lake)
