"""Reading a table: resolve `current` once, and keep what it names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import UsageError
from schemas.lake.manifest import DataFile, Manifest
from schemas.lake.storage.environment import FileAt

if TYPE_CHECKING:
    from schemas.lake.lake import Lake


@dataclass(frozen=True)
class Snapshot:
    """One published state of a table. It does not change; it goes away when garbage is collected."""

    directory: FileAt
    manifest: Manifest

    @property
    def id(self) -> str:
        """The snapshot's name; later ones sort later."""
        return self.manifest.id

    def locate(self, value: str, file: DataFile) -> FileAt:
        """Where a file of a partition is. In a folder, a snapshot has a link to each of its files."""
        partition = f"{self.manifest.partition_column}={value}"
        if isinstance(self.directory, Path):
            return self.directory / partition / file.name
        snapshots, _, own_id = self.directory.rpartition("/")
        return f"{snapshots}/{file.origin or own_id}/{partition}/{file.name}"

    def each_file(self) -> Iterator[tuple[str, DataFile]]:
        """Every file with its partition, in order."""
        for value in sorted(self.manifest.partitions):
            for file in self.manifest.partitions[value].files:
                yield value, file

    def files(self, values: Iterable[str] | None = None) -> list[FileAt]:
        """The Parquet files of the named partitions that are there, or of all, in order."""
        wanted = None if values is None else set(values)
        return [self.locate(value, file) for value, file in self.each_file() if wanted is None or value in wanted]


def current_snapshot(lake: "Lake", table: str) -> Snapshot | None:
    """What readers of the table see now; None before it is first published."""
    return lake.tables.current(table)


def list_snapshots(lake: "Lake", table: str) -> list[str]:
    """The ids of all whole snapshots of a table, oldest first."""
    return lake.tables.snapshot_ids(table)


def find_snapshot(lake: "Lake", table: str, snapshot_id: str) -> Snapshot:
    """The snapshot of that id. UsageError when there is none."""
    known = list_snapshots(lake, table)
    if snapshot_id not in known:
        listed = ", ".join(known) or "none"
        raise UsageError(f"table {table} has no snapshot {snapshot_id}; there are: {listed}")
    return lake.tables.snapshot(table, snapshot_id)
