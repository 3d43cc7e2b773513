"""Tables in a folder: a snapshot is a folder of hard links, the pointer a symbolic link that is renamed over the old.

    <table>/current               -> snapshots/<id>
    <table>/snapshots/<id>/       plain hive Parquet
    <table>/snapshots/<id>.json   the manifest, beside the directory

Measured under hot replacement: no wrong read in Polars or DuckDB. Files in a snapshot are never changed, so
unchanged partitions are hard links to the older snapshot's files.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.parquet as pq

from schemas.errors import MaidianError
from schemas.lake.durable import sync_file, sync_folder, write_durably
from schemas.lake.locks import hold_lock
from schemas.lake.manifest import DataFile, Manifest, describe_file, read_manifest
from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import FileAt
from schemas.lake.storage.new_manifest import check_unmoved, files_of, new_id, new_manifest
from schemas.lake.storage.tables import NO_PARTITION, Change
from schemas.tables.declaration import Table

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from schemas.lake.lake import Lake

# Nobody holds a table for longer than some renames and links take; `gc` does so for each snapshot it removes.
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class FolderTables:
    """The tables of a lake that is a folder."""

    lake: "Lake"

    def names(self) -> list[str]:
        """Those with a pointer."""
        return sorted(entry.parent.name for entry in self.lake.path.glob("*/current"))

    def current(self, table: str) -> Snapshot | None:
        """Where the link points."""
        try:
            target = (self.lake.path / table / "current").readlink()
        except FileNotFoundError:
            return None
        return self.snapshot(table, target.name)

    def currents(self, tables: Iterable[str]) -> dict[str, Snapshot | None]:
        """Where each link points."""
        return {table: self.current(table) for table in tables}

    def snapshot_ids(self, table: str) -> list[str]:
        """Those with both a folder and a manifest."""
        folder = self._folder(table)
        return sorted(path.stem for path in folder.glob("*.json") if (folder / path.stem).is_dir())

    def snapshot(self, table: str, snapshot_id: str) -> Snapshot:
        """Its folder and manifest."""
        folder = self._folder(table)
        return Snapshot(folder / snapshot_id, read_manifest(folder / f"{snapshot_id}.json"))

    def fetch(self, files: Iterable[FileAt]) -> list[Path]:
        """They are on this machine."""
        return [Path(file) for file in files]

    def publish(
        self, table: Table, base: Snapshot | None, change: Change, state: dict[str, Any], staging: Path
    ) -> Snapshot:
        """Link what stays, link in what is new, flip the symbolic link."""
        with self._hold(table.name, WAIT_SECONDS):
            check_unmoved(table.name, self.current(table.name), base)
            building = staging / f"publish-{table.name}-{secrets.token_hex(4)}"
            building.mkdir(parents=True)
            try:
                partitions = _link_partitions(table, base, change, building)
                return self._commit(new_manifest(table, new_id(), base, partitions, state), building)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def roll_back(self, table: str, snapshot_id: str) -> Snapshot:
        """Flip the symbolic link."""
        with self._hold(table, WAIT_SECONDS):
            snapshot = self.snapshot(table, snapshot_id)
            self._flip(table, snapshot.id)
            return snapshot

    def left_at(self, table: str) -> dict[str, datetime]:
        """The manifests' times, which `_flip` sets."""
        return {one: _modified_at(self._folder(table) / f"{one}.json") for one in self.snapshot_ids(table)}

    def own_bytes(self, table: str, snapshot_ids: Iterable[str]) -> list[int]:
        """Of files without another link."""
        return [_own_bytes(self._folder(table) / snapshot_id) for snapshot_id in snapshot_ids]

    def remove_snapshot(self, table: str, snapshot_id: str) -> None:
        """Take it out of sight first, then remove it."""
        folder = self._folder(table)
        trash = self.lake.path / "staging" / "trash" / f"{table}-{snapshot_id}"
        trash.parent.mkdir(parents=True, exist_ok=True)
        with self._hold(table):
            current = self.current(table)
            if current and current.id == snapshot_id:
                raise MaidianError(f"table {table} was rolled back to {current.id} just now; it stays")
            (folder / f"{snapshot_id}.json").unlink()
            (folder / snapshot_id).rename(trash)
        shutil.rmtree(trash)

    def remove_orphans(self, table: str, now: datetime, min_age: timedelta) -> int:
        """Folders without a manifest, and manifests without a folder."""
        folder = self._folder(table)
        removed = 0
        with self._hold(table):
            for path in [*folder.glob("*")]:
                if (folder / path.stem).is_dir() and (folder / f"{path.stem}.json").exists():
                    continue
                if now - _modified_at(path) < min_age:
                    continue
                remove_path(path)
                removed += 1
        return removed

    def _folder(self, table: str) -> Path:
        return self.lake.path / table / "snapshots"

    def _hold(self, table: str, wait_seconds: float = 0.0) -> "AbstractContextManager[None]":
        return hold_lock(self.lake.lock_path(f"table-{table}"), f"a publish of {table}", wait_seconds)

    def _commit(self, manifest: Manifest, building: Path) -> Snapshot:
        folder = self._folder(manifest.table)
        folder.mkdir(parents=True, exist_ok=True)
        building.rename(folder / manifest.id)
        try:
            write_durably(folder / f"{manifest.id}.json", msgspec.json.encode(manifest))
        except OSError:  # a full disk: leave no directory that no manifest describes
            shutil.rmtree(folder / manifest.id, ignore_errors=True)
            raise
        self._flip(manifest.table, manifest.id)
        return Snapshot(folder / manifest.id, manifest)

    def _flip(self, table: str, snapshot_id: str) -> None:
        """Point `current` at a snapshot. The rename is atomic: a reader sees the old one or the new one.

        The manifest of the one that is left gets the time as its mtime: a reader may still hold it, and `gc` counts from
        there. Its place among the ids does not tell, for a rollback may have made it current long after it was made.
        """
        left = self.current(table)
        if left:
            os.utime(self._folder(table) / f"{left.id}.json")
        temporary = self.lake.path / "staging" / f"current-{table}-{secrets.token_hex(4)}"
        temporary.parent.mkdir(exist_ok=True)
        temporary.symlink_to(f"snapshots/{snapshot_id}")
        temporary.rename(self.lake.path / table / "current")
        sync_folder(self.lake.path / table)


def remove_path(path: Path) -> None:
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link_partitions(table: Table, base: Snapshot | None, change: Change, building: Path) -> dict[str, list[DataFile]]:
    partitions: dict[str, list[DataFile]] = {}
    for value, kept, added in files_of(base, change):
        folder = building / f"{table.partition}={value}"
        folder.mkdir()
        for file in kept:
            assert base is not None
            _link(Path(base.locate(value, file)), folder / file.name)
        for new in added:
            _link(new.path, folder / new.name)
        partitions[value] = [*kept, *(describe_file(folder / new.name, new.row_count) for new in added)]
    if not partitions:
        _write_empty_file(table, building)
    return partitions


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno != errno.EMLINK:  # ext4 counts to 65,000; a copy starts a new count
            raise
        shutil.copyfile(source, target)
        sync_file(target)


def _write_empty_file(table: Table, building: Path) -> None:
    path = building / f"{table.partition}={NO_PARTITION}" / "part-empty.parquet"
    path.parent.mkdir()
    pq.write_table(table.file_schema.empty_table(), path)
    sync_file(path)


def _own_bytes(folder: Path) -> int:
    stats = (path.stat() for path in folder.rglob("*.parquet"))
    return sum(stat.st_size for stat in stats if stat.st_nlink == 1)


def _modified_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
