"""Removing what no reader can still need: old snapshots, and what dead processes left in staging."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from schemas.lake.lake import Lake
from schemas.lake.locks import LockHeldError, hold_lock
from schemas.lake.snapshots import current_snapshot, list_snapshots
from schemas.lake.storage.folder import remove_path
from schemas.lake.storage.tables import Garbage

__all__ = ["Garbage", "find_garbage", "remove_dead_staging", "remove_orphans", "remove_snapshot"]

KEEP_SNAPSHOTS = 5
MIN_AGE = timedelta(days=1)  # a reader resolves `current` once; no query of ours or of an analyst's runs a day


def find_garbage(lake: Lake, table: str, now: datetime, keep: int, min_age: timedelta) -> list[Garbage]:
    """Snapshots of a table that are not current, not among the newest `keep`, and were replaced `min_age` ago."""
    current = current_snapshot(lake, table)
    ids = list_snapshots(lake, table)
    tables = lake.tables
    left_at = tables.left_at(table)
    old = []
    for snapshot_id, successor in zip(ids, [*ids[1:], None], strict=True):
        if successor is None or (current and snapshot_id == current.id) or snapshot_id in ids[-keep:]:
            continue
        replaced_at = datetime.fromisoformat(tables.snapshot(table, successor).manifest.created_at)
        if snapshot_id in left_at and now - max(replaced_at, left_at[snapshot_id]) >= min_age:
            old.append(snapshot_id)
    return [Garbage(table, *one) for one in zip(old, tables.own_bytes(table, old), strict=True)]


def remove_snapshot(lake: Lake, garbage: Garbage) -> None:
    """Remove a snapshot, never seen half removed. MaidianError when it has become current since it was found."""
    lake.tables.remove_snapshot(garbage.table, garbage.snapshot_id)


def remove_orphans(lake: Lake, table: str, now: datetime, min_age: timedelta) -> int:
    """Remove what publishes that died have left of a table, and return how many."""
    return lake.tables.remove_orphans(table, now, min_age)


def remove_dead_staging(lake: Lake, writers: Iterable[str]) -> int:
    """Remove what dead processes left in staging; a writer at work keeps its area.

    The writers' names are the locks' names too. What is in `trash` was on its way out.
    """
    removed = 0
    for path in [*(lake.path / "staging").glob("*")]:
        if path.name == "trash":
            remove_path(path)
            removed += 1
        elif path.is_symlink():  # a publish died between making the link and renaming it
            table = path.name.removeprefix("current-").rpartition("-")[0]
            removed += _remove_unless_held(path, lake.lock_path(f"table-{table}"))
        elif path.name in writers:
            removed += _remove_unless_held(path, lake.lock_path(path.name))
    return removed


def _remove_unless_held(path: Path, lock: Path) -> int:
    try:
        with hold_lock(lock, path.name):
            remove_path(path)
            return 1
    except LockHeldError:
        return 0
