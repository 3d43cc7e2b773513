"""Garbage: what no reader can still need, and nothing else."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import MaidianError
from schemas.lake.garbage import find_garbage, remove_dead_staging, remove_orphans, remove_snapshot
from schemas.lake.lake import Lake, create_lake
from schemas.lake.locks import LockHeldError, hold_lock
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import Snapshot, list_snapshots
from tests.schemas.lake.small_table import put, shown

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def days_of(lake: Lake, count: int) -> list[Snapshot]:
    return [put(lake, {f"2026-11-{number:02}": [number]}) for number in range(1, count + 1)]


def found(lake: Lake, later: timedelta, keep: int, min_age: timedelta = DAY) -> list[str]:
    now = datetime.now(UTC) + later
    return [one.snapshot_id for one in find_garbage(lake, "numbers", now, keep, min_age)]


def test_the_newest_stay_and_the_rest_go_when_they_are_old(lake: Lake) -> None:
    ids = [snapshot.id for snapshot in days_of(lake, 5)]
    assert found(lake, DAY, keep=2) == ids[:3]
    assert found(lake, DAY, keep=9) == []
    assert found(lake, HOUR, keep=2) == []


def test_a_snapshot_that_was_current_an_hour_ago_stays_whatever_its_age(lake: Lake) -> None:
    snapshots = days_of(lake, 4)
    for snapshot in snapshots:  # all this was long ago ...
        long_ago = (datetime.now(UTC) - 9 * DAY).timestamp()
        os.utime(snapshot.directory.with_name(f"{snapshot.id}.json"), (long_ago, long_ago))
    roll_back(lake, "numbers", snapshots[0].id)
    put(lake, {"2026-11-05": [5]})  # ... but the first was current until just now
    assert snapshots[0].id not in found(lake, DAY - HOUR, keep=1)
    assert snapshots[0].id in found(lake, DAY, keep=1)


def test_the_current_snapshot_stays_however_old(lake: Lake) -> None:
    snapshots = days_of(lake, 3)
    roll_back(lake, "numbers", snapshots[0].id)
    assert found(lake, 9 * DAY, keep=1) == [snapshots[1].id]


def test_bytes_that_another_snapshot_links_to_are_not_counted(lake: Lake) -> None:
    put(lake, {"2026-11-01": [1]})
    put(lake, {"2026-11-01": [2]}, replace=["2026-11-01"])
    put(lake, {"2026-11-02": [3]})
    first, second = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    assert first.byte_count > 0
    assert second.byte_count == 0


def test_removing_a_snapshot_leaves_what_others_share(lake: Lake) -> None:
    snapshots = days_of(lake, 3)
    for garbage in find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY):
        remove_snapshot(lake, garbage)
    assert list_snapshots(lake, "numbers") == [snapshots[2].id]
    assert shown(lake) == {f"2026-11-0{number}": [number] for number in (1, 2, 3)}
    assert not list((lake.path / "staging" / "trash").iterdir())


def test_a_snapshot_that_became_current_since_is_not_removed(lake: Lake) -> None:
    snapshots = days_of(lake, 2)
    [garbage] = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    roll_back(lake, "numbers", snapshots[0].id)
    with pytest.raises(MaidianError, match="was rolled back to"):
        remove_snapshot(lake, garbage)
    assert shown(lake) == {"2026-11-01": [1]}


def test_nothing_is_removed_while_the_table_is_published(lake: Lake) -> None:
    days_of(lake, 2)
    [garbage] = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    with hold_lock(lake.lock_path("table-numbers"), "a publish"):
        with pytest.raises(LockHeldError):
            remove_snapshot(lake, garbage)
        with pytest.raises(LockHeldError):
            remove_orphans(lake, "numbers", datetime.now(UTC) + DAY, DAY)


def test_halves_of_snapshots_go_when_they_are_old_and_whole_ones_stay(lake: Lake) -> None:
    snapshot = put(lake, {"2026-11-01": [1]})
    folder = snapshot.directory.parent
    (folder / "20200101T000000000000Z-aaaa").mkdir()
    (folder / "20200101T000000000000Z-bbbb.json").write_text("{}")
    (folder / ".20200101T000000000000Z-cccc.json.1.tmp").write_text("{")
    assert remove_orphans(lake, "numbers", datetime.now(UTC) + HOUR, DAY) == 0
    assert remove_orphans(lake, "numbers", datetime.now(UTC) + DAY + HOUR, DAY) == 3
    assert sorted(path.name for path in folder.iterdir()) == [snapshot.id, f"{snapshot.id}.json"]


def test_staging_of_the_dead_goes_and_of_those_at_work_stays(lake: Lake) -> None:
    put(lake, {"2026-11-01": [1]})
    staging = lake.path / "staging"
    for name in ("run", "ingest", "trash/numbers-1"):
        (staging / name / "half").mkdir(parents=True)
    (staging / "current-numbers-abcd").symlink_to("snapshots/gone")
    (staging / "somebody-elses").mkdir()
    with hold_lock(lake.lock_path("ingest"), "an ingest"):
        assert remove_dead_staging(lake, ("run", "ingest")) == 3
    assert sorted(path.name for path in staging.iterdir()) == ["ingest", "somebody-elses"]
