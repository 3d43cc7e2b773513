"""Publishing to an object store: files at their final keys, one small object that counts, one winner of two."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import MaidianError, UsageError
from schemas.lake.garbage import find_garbage, remove_orphans, remove_snapshot
from schemas.lake.lake import Lake, open_lake
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import Snapshot, current_snapshot, list_snapshots
from schemas.lake.storage.object_client import ObjectClient
from tests.schemas.lake.small_table import numbers_of, put

DAY = timedelta(days=1)


def shown(lake: Lake) -> dict[str, list[int]]:
    return numbers_of(current_snapshot(lake, "numbers"))


def keys(client: ObjectClient) -> set[str]:
    return {one.key for one in client.list_all("numbers")}


def test_what_stays_is_referred_to_however_many_snapshots_later_and_never_copied(
    lake: Lake, client: ObjectClient
) -> None:
    first = put(lake, {"2026-11-01": [1]})
    put(lake, {"2026-11-02": [2]})
    third = put(lake, {"2026-11-03": [3]})
    assert third.files(["2026-11-01"]) == first.files()
    assert len([key for key in keys(client) if key.endswith(".parquet")]) == 3


def test_another_machine_reads_the_same_and_its_manifest_tells_rows_parent_and_state(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1, 2]})
    second = put(lake, {"2026-11-02": [3]})
    elsewhere = lake.tables.__class__(lake.tables.client, lake.path)  # type: ignore[attr-defined,call-arg]
    read = elsewhere.current("numbers")
    assert read == second
    assert (read.manifest.parent, read.manifest.row_count) == (first.id, 3)
    assert read.manifest.state == {"made_by": "test"}
    assert elsewhere.snapshot_ids("numbers") == [first.id, second.id]


def test_a_table_without_rows_is_one(lake: Lake) -> None:
    assert put(lake, {}).files() == []
    put(lake, {"2026-11-01": [1]})
    assert shown(lake) == {"2026-11-01": [1]}


def test_of_writers_at_once_one_wins_and_the_others_say_so(lake: Lake) -> None:
    """Each round all build upon the same snapshot, and meet at the pointer, the first time at none."""
    for round_number in range(4):
        base = current_snapshot(lake, "numbers")
        together = threading.Barrier(3)

        def write(number: int, base: Snapshot | None = base, together: threading.Barrier = together) -> str:
            staging = Lake(lake.path / f"writer-{number}", lake.time_zone, lake.place)
            together.wait()
            try:
                return put(staging, {f"2026-11-{number:02}": [number]}, base=base, upon_base=True).id
            except MaidianError as error:
                return str(error)

        with ThreadPoolExecutor(3) as pool:
            outcomes = list(pool.map(write, range(3 * round_number + 1, 3 * round_number + 4)))
        lost = [one for one in outcomes if "changed while it was being rebuilt; run the command again" in one]
        assert len(lost) == 2, outcomes
        assert len(shown(lake)) == round_number + 1
        assert current_snapshot(lake, "numbers").id in outcomes  # type: ignore[union-attr]


def test_a_write_whose_answer_was_lost_is_known_to_be_ours(client: ObjectClient) -> None:
    client.create("pointer", b"ours")
    client.create("pointer", b"ours")  # as the library's second try would after a broken connection
    held = client.get("pointer")
    assert held is not None
    client.replace("pointer", b"ours too", held.tag)
    client.replace("pointer", b"ours too", held.tag)


def test_a_rollback_shows_the_older_snapshot_and_the_next_publish_builds_upon_it(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1]})
    put(lake, {"2026-11-02": [2]})
    roll_back(lake, "numbers", first.id)
    assert shown(lake) == {"2026-11-01": [1]}
    assert put(lake, {"2026-11-03": [3]}).manifest.parent == first.id
    assert shown(lake) == {"2026-11-01": [1], "2026-11-03": [3]}
    with pytest.raises(UsageError, match=f"numbers has no snapshot 2020; there are: {first.id}"):
        roll_back(lake, "numbers", "2020")


@pytest.mark.ci
def test_readers_see_whole_snapshots_while_days_are_replaced(lake: Lake) -> None:
    put(lake, {"2026-11-01": [0], "2026-11-02": [0]})
    seen: list[dict[str, list[int]]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(shown(lake))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 12):
            put(lake, {"2026-11-01": [number], "2026-11-02": [number]}, replace=["2026-11-01", "2026-11-02"])
    finally:
        stop.set()
        reader.join()
    assert seen
    assert [one for one in seen if one["2026-11-01"] != one["2026-11-02"]] == []


# The process ends, as by kill -9, just before or just after each step of the publish.
KILLED = """
import os, sys
from schemas.lake.lake import open_lake
from schemas.lake.place import parse_place
from schemas.lake.storage.object_client import ObjectClient
from schemas.lake.storage.objects import ObjectTables
from tests.schemas.lake.small_table import put
name, is_after = sys.argv[2], sys.argv[3] == "after"
owner = ObjectTables if hasattr(ObjectTables, name) else ObjectClient
step = getattr(owner, name)
lake = open_lake(parse_place(sys.argv[1]))
def dying(*arguments):
    result = step(*arguments) if is_after else None
    os._exit(9)
setattr(owner, name, dying)
put(lake, {"2026-11-02": [2]})
"""


@pytest.mark.ci
@pytest.mark.parametrize(
    ("step", "moment"), [("_upload", "before"), ("create", "before"), ("_point", "before"), ("replace", "after")]
)
def test_a_publish_killed_at_any_step_leaves_the_old_or_the_new(
    lake: Lake, client: ObjectClient, step: str, moment: str
) -> None:
    put(lake, {"2026-11-01": [1]})
    command = [sys.executable, "-c", KILLED, lake.name, step, moment]
    assert subprocess.run(command, check=False).returncode == 9
    old = {"2026-11-01": [1]}
    assert shown(lake) == (old | {"2026-11-02": [2]} if step == "replace" else old)
    put(lake, {"2026-11-02": [2]}, replace=["2026-11-02"])
    assert shown(lake) == old | {"2026-11-02": [2]}
    later = datetime.now(UTC) + 2 * DAY
    for garbage in find_garbage(lake, "numbers", later, 1, DAY):
        remove_snapshot(lake, garbage)
    remove_orphans(lake, "numbers", later, DAY)
    assert shown(lake) == old | {"2026-11-02": [2]}
    files = {str(file).removeprefix(f"{client.url}/") for file in current_snapshot(lake, "numbers").files()}  # type: ignore[union-attr]
    assert {key for key in keys(client) if key.endswith(".parquet")} == files


def test_the_lake_of_another_time_zone_is_not_opened(lake: Lake) -> None:
    assert lake.place is not None
    with pytest.raises(UsageError, match="is of time zone Asia/Shanghai, not Europe/London"):
        open_lake(lake.place, "Europe/London")
    assert list_snapshots(lake, "numbers") == []
