"""A process of this machine is found again by its folder, and leaves nothing behind when it is killed."""

import os
import sys
import time
from pathlib import Path

import pytest

from infra.local.process import LocalProcess, StartError

SERVE = "import sys, time; print('ready', flush=True); time.sleep(600)"


def server(folder: Path, script: str = SERVE) -> LocalProcess:
    return LocalProcess(folder, "server", [sys.executable, "-c", script, str(folder)], "ready")


def test_a_process_is_found_again_and_killed_by_whoever_knows_its_folder(tmp_path: Path) -> None:
    started = server(tmp_path)
    started.start()
    found = server(tmp_path)
    assert found.pid == started.pid
    found.start()  # it runs already
    assert found.pid == started.pid
    pid = started.pid
    started.kill()
    assert found.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)


def test_children_end_with_it(tmp_path: Path) -> None:
    child = f"c = subprocess.Popen([sys.executable, '-c', {SERVE!r}]); print(c.pid, flush=True)"
    parent = server(tmp_path, f"import subprocess, sys; {child}; {SERVE}")
    parent.start()
    pid = next(word for word in parent.log.read_text().split() if word.isdigit())
    parent.kill()
    while Path(f"/proc/{pid}").exists() and "zombie" not in Path(f"/proc/{pid}/status").read_text():
        time.sleep(0.01)


def test_one_that_ends_at_once_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no such thing"):
        server(tmp_path, "import sys; sys.exit('no such thing')").start()
