"""Removing files of the ingest's index that no snapshot of `events` names any more: merged away, or never published."""

from datetime import datetime, timedelta

from pipelines.ingest.progress import INDEX
from schemas.lake.garbage import MIN_AGE
from schemas.lake.lake import Lake
from schemas.lake.snapshots import find_snapshot, list_snapshots
from schemas.tables.events import TABLE


def remove_unnamed_index_files(lake: Lake, now: datetime, min_age: timedelta) -> int:
    """Remove them and return how many.

    It may be done beside an ingest, which may follow for weeks: what that has written and not yet named is young, and
    what is at least a day old and not named never will be.
    """
    named: set[str] = set()
    for snapshot_id in list_snapshots(lake, TABLE.name):
        state = find_snapshot(lake, TABLE.name, snapshot_id).manifest.state
        named.update(state.get("id_runs", []), state.get("progress", []))
    unnamed = [
        file.name
        for file in lake.kept.names(INDEX)
        if file.name.rpartition("/")[2] not in named and now - file.modified_at >= max(min_age, MIN_AGE)
    ]
    lake.kept.remove(unnamed)
    return len(unnamed)
