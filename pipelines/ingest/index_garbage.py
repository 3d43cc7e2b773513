"""Removing files of the ingest's index that no snapshot of `events` names any more: merged away, or never published."""

from datetime import UTC, datetime, timedelta

from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock
from schemas.lake.snapshots import find_snapshot, list_snapshots
from schemas.tables.events import TABLE


def remove_unnamed_index_files(lake: Lake, now: datetime, min_age: timedelta) -> int:
    """Remove them and return how many. LockHeldError while an ingest is at work: it names its new files last."""
    with hold_lock(lake.lock_path("ingest"), "an ingest"):
        named: set[str] = set()
        for snapshot_id in list_snapshots(lake, TABLE.name):
            state = find_snapshot(lake, TABLE.name, snapshot_id).manifest.state
            named.update(state.get("id_runs", []), state.get("progress", []))
        removed = 0
        for path in (lake.path / "ingest" / "index").glob("*"):
            if path.name not in named and now - datetime.fromtimestamp(path.stat().st_mtime, UTC) >= min_age:
                path.unlink()
                removed += 1
        return removed
