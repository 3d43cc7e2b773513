"""Removing what no reader can still need: old snapshots, and what dead processes left in staging."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.errors import MaidianError
from schemas.lake.lake import Lake
from schemas.lake.locks import LockHeldError, hold_lock
from schemas.lake.manifest import read_manifest
from schemas.lake.snapshots import current_snapshot, list_snapshots

KEEP_SNAPSHOTS = 5
MIN_AGE = timedelta(days=1)  # a reader resolves `current` once; no query of ours or of an analyst's runs a day


@dataclass(frozen=True)
class Garbage:
    """One snapshot that can go, and the bytes only it holds on to (hard links shared with others count as none)."""

    table: str
    snapshot_id: str
    byte_count: int


def find_garbage(lake: Lake, table: str, now: datetime, keep: int, min_age: timedelta) -> list[Garbage]:
    """Snapshots of a table that are not current, not among the newest `keep`, and were replaced `min_age` ago."""
    current = current_snapshot(lake, table)
    ids = list_snapshots(lake, table)
    folder = lake.path / table / "snapshots"
    found = []
    for snapshot_id, successor in zip(ids, [*ids[1:], None], strict=True):
        if successor is None or (current and snapshot_id == current.id) or snapshot_id in ids[-keep:]:
            continue
        replaced_at = datetime.fromisoformat(read_manifest(folder / f"{successor}.json").created_at)
        left_at = datetime.fromtimestamp((folder / f"{snapshot_id}.json").stat().st_mtime, UTC)
        if now - max(replaced_at, left_at) >= min_age:
            found.append(Garbage(table, snapshot_id, _own_bytes(folder / snapshot_id)))
    return found


def remove_snapshot(lake: Lake, garbage: Garbage) -> None:
    """Take a snapshot out of sight first, then remove it, so that it is never seen half removed.

    MaidianError when it has become current since it was found.
    """
    folder = lake.path / garbage.table / "snapshots"
    trash = lake.path / "staging" / "trash" / f"{garbage.table}-{garbage.snapshot_id}"
    trash.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(lake.lock_path(f"table-{garbage.table}"), f"a publish of {garbage.table}"):
        current = current_snapshot(lake, garbage.table)
        if current and current.id == garbage.snapshot_id:
            raise MaidianError(f"table {garbage.table} was rolled back to {current.id} just now; it stays")
        (folder / f"{garbage.snapshot_id}.json").unlink()
        (folder / garbage.snapshot_id).rename(trash)
    shutil.rmtree(trash)


def remove_orphans(lake: Lake, table: str, now: datetime, min_age: timedelta) -> int:
    """Remove snapshot directories without a manifest, and manifests without a directory: publishes that died."""
    folder = lake.path / table / "snapshots"
    removed = 0
    with hold_lock(lake.lock_path(f"table-{table}"), f"a publish of {table}"):
        for path in [*folder.glob("*")]:
            if (folder / path.stem).is_dir() and (folder / f"{path.stem}.json").exists():
                continue
            if now - datetime.fromtimestamp(path.lstat().st_mtime, UTC) < min_age:
                continue
            _remove(path)
            removed += 1
    return removed


def remove_dead_staging(lake: Lake, writers: Iterable[str]) -> int:
    """Remove what dead processes left in staging; a writer at work keeps its area.

    The writers' names are the locks' names too. What is in `trash` was on its way out.
    """
    removed = 0
    for path in [*(lake.path / "staging").glob("*")]:
        if path.name == "trash":
            _remove(path)
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
            _remove(path)
            return 1
    except LockHeldError:
        return 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _own_bytes(folder: Path) -> int:
    """Bytes that are freed when the folder goes: files no other snapshot links to."""
    return sum(stat.st_size for stat in (path.stat() for path in folder.rglob("*.parquet")) if stat.st_nlink == 1)
