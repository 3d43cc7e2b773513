"""Publishing: what stays is linked, what is new is added, `current` flips last."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.errors import UsageError
from schemas.lake.lake import Lake, create_lake
from schemas.lake.locks import LockHeldError, hold_lock
from schemas.lake.publish import Change, publish, roll_back
from schemas.lake.snapshots import current_snapshot, list_snapshots
from schemas.lake.storage import folder as folder_module
from tests.schemas.lake.small_table import NUMBERS, put, shown, stage


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def test_files_that_stay_are_the_same_files_on_disk(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1]})
    second = put(lake, {"2026-11-02": [2]})
    assert second.files(["2026-11-01"])[0].samefile(first.files()[0])


def test_a_file_of_a_name_that_is_there_is_not_added_again(lake: Lake) -> None:
    put(lake, {"2026-11-01": [1]}, name="range-a.parquet")
    put(lake, {"2026-11-01": [1]}, name="range-a.parquet")
    assert shown(lake) == {"2026-11-01": [1]}


def test_the_manifest_tells_rows_parent_and_state(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1, 2]})
    second = put(lake, {"2026-11-02": [3]})
    assert (second.manifest.parent, second.manifest.row_count) == (first.id, 3)
    assert second.manifest.state == {"made_by": "test"}
    assert current_snapshot(lake, "numbers") == second
    assert list_snapshots(lake, "numbers") == [first.id, second.id]


def test_a_fingerprint_tells_content_and_not_the_time_it_was_written(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1], "2026-11-02": [2]})
    second = put(lake, {"2026-11-01": [1], "2026-11-02": [9]}, replace=["2026-11-01", "2026-11-02"])
    before, after = first.manifest.partitions, second.manifest.partitions
    assert before["2026-11-01"].fingerprint == after["2026-11-01"].fingerprint
    assert before["2026-11-02"].fingerprint != after["2026-11-02"].fingerprint


def test_a_table_without_rows_can_be_queried(lake: Lake) -> None:
    put(lake, {})
    pattern = str(lake.path / "numbers" / "current" / "**" / "*.parquet")
    assert pl.read_parquet(pattern, hive_partitioning=True).shape == (0, 2)
    assert duckdb.sql(f"SELECT count(*) FROM read_parquet('{pattern}', hive_partitioning = true)").fetchall() == [(0,)]
    put(lake, {"2026-11-01": [1]})
    assert shown(lake) == {"2026-11-01": [1]}


def test_two_publishes_of_a_table_do_not_meet(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "WAIT_SECONDS", 0)
    with hold_lock(lake.lock_path("table-numbers"), "a publish"), pytest.raises(LockHeldError):
        put(lake, {"2026-11-01": [1]})


def test_a_rollback_shows_the_older_snapshot_and_the_next_publish_builds_upon_it(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1]})
    put(lake, {"2026-11-02": [2]})
    roll_back(lake, "numbers", first.id)
    assert shown(lake) == {"2026-11-01": [1]}
    assert put(lake, {"2026-11-03": [3]}).manifest.parent == first.id
    assert shown(lake) == {"2026-11-01": [1], "2026-11-03": [3]}


def test_a_rollback_to_what_is_not_there_names_what_is(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1]})
    with pytest.raises(UsageError, match=f"numbers has no snapshot 2020; there are: {first.id}"):
        roll_back(lake, "numbers", "2020")


def test_a_disk_that_fills_up_while_the_manifest_is_written_leaves_no_snapshot(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, {"2026-11-01": [1]})
    lake.fresh_staging("run")
    before = sorted(lake.path.rglob("*"))

    def fail(path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(folder_module, "write_durably", fail)
    staging = lake.fresh_staging("run")
    with pytest.raises(OSError, match="No space left"):
        publish(
            lake,
            NUMBERS,
            current_snapshot(lake, "numbers"),
            Change(add={"2026-11-02": [stage(staging, "a", [1])]}),
            {},
            staging,
        )
    lake.fresh_staging("run")
    assert sorted(lake.path.rglob("*")) == before


def test_a_file_with_as_many_links_as_the_disk_allows_is_copied(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lake, {"2026-11-01": [1]})

    def refuse(*_: object) -> None:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    monkeypatch.setattr(os, "link", refuse)
    second = put(lake, {"2026-11-02": [2]})
    assert shown(lake) == {"2026-11-01": [1], "2026-11-02": [2]}
    assert second.files(["2026-11-01"])[0].stat().st_nlink == 1


# The process ends, as by kill -9, just before or just after each step of the commit.
KILLED = """
import os, sys
from pathlib import Path
from schemas.lake.lake import open_lake
from schemas.lake.storage import folder
from tests.schemas.lake.small_table import put
name, is_after = sys.argv[2], sys.argv[3] == "after"
owner = folder if hasattr(folder, name) else folder.FolderTables
step = getattr(owner, name)
def dying(*arguments):
    result = step(*arguments) if is_after else None
    os._exit(9)
setattr(owner, name, dying)
put(open_lake(Path(sys.argv[1])), {"2026-11-02": [2]})
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["_link_partitions", "write_durably", "_flip", "sync_folder"])
def test_a_publish_killed_at_any_step_leaves_the_old_or_the_new(lake: Lake, step: str, moment: str) -> None:
    put(lake, {"2026-11-01": [1]})
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(lake.path), step, moment]
    assert subprocess.run(command, env=environment, check=False).returncode == 9
    is_new = (step, moment) in {("_flip", "after"), ("sync_folder", "before"), ("sync_folder", "after")}
    old = {"2026-11-01": [1]}
    assert shown(lake) == (old | {"2026-11-02": [2]} if is_new else old)
    put(lake, {"2026-11-02": [2]}, replace=["2026-11-02"])
    assert shown(lake) == old | {"2026-11-02": [2]}
