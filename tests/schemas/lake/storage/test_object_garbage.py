"""Garbage in an object store: never what a manifest names, never what a publish under way has just written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.errors import MaidianError
from schemas.lake.garbage import find_garbage, remove_orphans, remove_snapshot
from schemas.lake.lake import Lake
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import current_snapshot, list_snapshots
from schemas.lake.storage.object_client import ObjectClient
from schemas.lake.storage.objects import ObjectTables
from tests.schemas.lake.small_table import put
from tests.schemas.lake.storage.test_objects import keys, shown

DAY = timedelta(days=1)


def days_of(lake: Lake, count: int) -> list[str]:
    return [put(lake, {f"2026-11-{number:02}": [number]}).id for number in range(1, count + 1)]


def collect(lake: Lake, later: timedelta = 2 * DAY, keep: int = 1) -> None:
    for garbage in find_garbage(lake, "numbers", datetime.now(UTC) + later, keep, DAY):
        remove_snapshot(lake, garbage)
    remove_orphans(lake, "numbers", datetime.now(UTC) + later, DAY)


def test_the_newest_stay_the_rest_go_when_old_and_what_is_shared_stays(lake: Lake, client: ObjectClient) -> None:
    ids = days_of(lake, 3)
    put(lake, {"2026-11-03": [9]}, replace=["2026-11-03"])
    collect(lake, timedelta(hours=1))
    assert len(list_snapshots(lake, "numbers")) == 4
    found = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    assert [one.snapshot_id for one in found] == ids
    assert [one.byte_count > 0 for one in found] == [False, False, True]  # the third alone has the third day of old
    collect(lake)
    assert shown(lake) == {"2026-11-01": [1], "2026-11-02": [2], "2026-11-03": [9]}
    current = current_snapshot(lake, "numbers")
    assert current is not None
    named = {str(file).removeprefix(f"{client.url}/") for file in current.files()}
    assert keys(client) == {*named, "numbers/current", f"numbers/snapshots/{current.id}.json"}


def test_a_snapshot_that_was_current_an_hour_ago_stays_whatever_its_age(lake: Lake) -> None:
    first, *_ = days_of(lake, 3)
    roll_back(lake, "numbers", first)
    left = lake.tables.left_at("numbers")[first]
    put(lake, {"2026-11-05": [5]})
    assert lake.tables.left_at("numbers")[first] >= left
    hour = timedelta(hours=1)
    now = lake.tables.left_at("numbers")[first] + DAY + timedelta(seconds=5)  # the store tells whole seconds
    assert first not in [one.snapshot_id for one in find_garbage(lake, "numbers", now - hour, 1, DAY)]
    assert first in [one.snapshot_id for one in find_garbage(lake, "numbers", now, 1, DAY)]


def test_the_current_snapshot_stays_however_old(lake: Lake) -> None:
    ids = days_of(lake, 3)
    roll_back(lake, "numbers", ids[0])
    collect(lake)
    assert list_snapshots(lake, "numbers") == [ids[0], ids[2]]
    assert shown(lake) == {"2026-11-01": [1]}


def test_a_snapshot_that_became_current_since_is_not_removed(lake: Lake) -> None:
    first, _ = days_of(lake, 2)
    [garbage] = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    roll_back(lake, "numbers", first)
    with pytest.raises(MaidianError, match=f"was rolled back to {first} just now; it stays"):
        remove_snapshot(lake, garbage)
    assert shown(lake) == {"2026-11-01": [1]}


def test_a_rollback_between_the_two_looks_of_a_removal_is_seen_by_one_of_them(
    lake: Lake, client: ObjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after the manifest is gone, somebody points at the snapshot: it comes back whole."""
    first, second = days_of(lake, 2)
    [garbage] = find_garbage(lake, "numbers", datetime.now(UTC) + DAY, 1, DAY)
    delete = ObjectClient.delete

    def delete_and_be_overtaken(self: ObjectClient, gone: list[str]) -> None:
        delete(self, gone)
        client.put("numbers/current", f"snapshots/{first}".encode())

    monkeypatch.setattr(ObjectClient, "delete", delete_and_be_overtaken)
    with pytest.raises(MaidianError, match="was rolled back to"):
        remove_snapshot(lake, garbage)
    assert shown(lake) == {"2026-11-01": [1]}
    assert list_snapshots(lake, "numbers") == [first, second]


def test_a_rollback_to_what_is_being_removed_takes_its_step_back(
    lake: Lake, client: ObjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = days_of(lake, 2)
    point = ObjectTables._point

    def be_overtaken(self: ObjectTables, table: str, before: Any, snapshot_id: str) -> None:
        point(self, table, before, snapshot_id)
        client.delete([f"numbers/snapshots/{first}.json"])

    monkeypatch.setattr(ObjectTables, "_point", be_overtaken)
    with pytest.raises(MaidianError, match="was collected as garbage just now; choose another"):
        roll_back(lake, "numbers", first)
    current = current_snapshot(lake, "numbers")
    assert current is not None
    assert current.id == second


def test_files_of_a_publish_under_way_stay_for_a_day_and_those_of_a_dead_one_go(
    lake: Lake, client: ObjectClient
) -> None:
    days_of(lake, 1)
    before = keys(client)
    client.put("numbers/snapshots/20200101T000000000000Z-aaaa/number_date=2026-11-02/part-0.parquet", b"half")
    assert remove_orphans(lake, "numbers", datetime.now(UTC) + timedelta(hours=23), timedelta(0)) == 0
    assert remove_orphans(lake, "numbers", datetime.now(UTC) + timedelta(hours=25), timedelta(0)) == 1
    assert keys(client) == before
