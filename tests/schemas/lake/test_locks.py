"""A lock is held by one process, says by whom, and dies with it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from schemas.lake.locks import LockHeldError, hold_lock

HOLD = """
import sys
from pathlib import Path
from schemas.lake.locks import hold_lock
with hold_lock(Path(sys.argv[1]), "a run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_it_and_gets_it_when_that_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "run.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        held_by = rf"a run is already at work on this lake \(process {other.pid} on "
        with pytest.raises(LockHeldError, match=held_by), hold_lock(path, "a run"):
            pass
        other.kill()
        other.wait()
        with hold_lock(path, "a run"):
            pass


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with pytest.raises(ZeroDivisionError), hold_lock(path, "a run"):
        raise ZeroDivisionError
    with hold_lock(path, "a run"):
        pass


def test_one_process_does_not_get_it_twice(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_lock(path, "a run"), pytest.raises(LockHeldError), hold_lock(path, "a run"):
        pass


def test_a_holder_that_has_not_written_its_name_yet_is_no_riddle(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_lock(path, "a run"):
        path.write_text("")
        with pytest.raises(LockHeldError, match=rf"see {path}"), hold_lock(path, "a run"):
            pass


def test_one_who_waits_gets_it_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "table.lock"
    order: list[str] = []
    with hold_lock(path, "a publish"):
        waiting = threading.Thread(target=_take_in_order, args=(path, order))
        waiting.start()
        waiting.join(0.2)
        order.append("first is done")
    waiting.join(10)
    assert order == ["first is done", "second has it"]


def _take_in_order(path: Path, order: list[str]) -> None:
    with hold_lock(path, "a publish", wait_seconds=10):
        order.append("second has it")
