"""Reading a table: resolve `current` once, and keep what it names."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.manifest import Manifest, read_manifest


@dataclass(frozen=True)
class Snapshot:
    """One published state of a table. It does not change; it goes away when garbage is collected."""

    directory: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """The snapshot's name; later ones sort later."""
        return self.manifest.id

    def partition_directory(self, value: str) -> Path:
        """The folder of one partition."""
        return self.directory / f"{self.manifest.partition_column}={value}"

    def files(self, values: Iterable[str] | None = None) -> list[Path]:
        """The Parquet files of the named partitions that are there, or of all, in order."""
        wanted = sorted(self.manifest.partitions if values is None else set(values) & self.manifest.partitions.keys())
        return [
            self.partition_directory(value) / file.name
            for value in wanted
            for file in self.manifest.partitions[value].files
        ]


def current_snapshot(lake: Lake, table: str) -> Snapshot | None:
    """What readers of the table see now; None before it is first published."""
    try:
        target = (lake.path / table / "current").readlink()
    except FileNotFoundError:
        return None
    return _snapshot(lake, table, target.name)


def list_snapshots(lake: Lake, table: str) -> list[str]:
    """The ids of all whole snapshots of a table, oldest first."""
    folder = lake.path / table / "snapshots"
    return sorted(path.stem for path in folder.glob("*.json") if (folder / path.stem).is_dir())


def find_snapshot(lake: Lake, table: str, snapshot_id: str) -> Snapshot:
    """The snapshot of that id. UsageError when there is none."""
    known = list_snapshots(lake, table)
    if snapshot_id not in known:
        listed = ", ".join(known) or "none"
        raise UsageError(f"table {table} has no snapshot {snapshot_id}; there are: {listed}")
    return _snapshot(lake, table, snapshot_id)


def _snapshot(lake: Lake, table: str, snapshot_id: str) -> Snapshot:
    folder = lake.path / table / "snapshots"
    return Snapshot(folder / snapshot_id, read_manifest(folder / f"{snapshot_id}.json"))
