"""What a place for published tables can do; `FolderTables` and `ObjectTables` are such places.

A table is a row of snapshots, which never change, and a pointer to the one that readers see. Publishing adds a snapshot and
moves the pointer, in one step that nobody sees half done, and only if it still points where the publisher thinks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import FileAt
from schemas.tables.declaration import Table

# Hive's own name for "no value": a table without rows is still a table that can be queried.
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class NewFile:
    """A finished, durable file in staging and the name it gets in its partition."""

    path: Path
    name: str
    row_count: int


@dataclass(frozen=True)
class Change:
    """What a publish does to each partition named: keep some of its files, add others. Nothing left: it goes."""

    add: Mapping[str, list[NewFile]] = field(default_factory=dict)
    replace: Iterable[str] = ()
    """Partitions whose older files all go; the others keep theirs."""


@dataclass(frozen=True)
class Garbage:
    """One snapshot that can go, and the bytes only it holds on to (files shared with others count as none)."""

    table: str
    snapshot_id: str
    byte_count: int


class Tables(Protocol):
    """The published tables of one lake. `table` is a name; what a lock or a store refuses is a `MaidianError`."""

    def names(self) -> list[str]:
        """Tables that have been published at least once, by name."""

    def current(self, table: str) -> Snapshot | None:
        """What readers see now; None before the table is first published."""

    def currents(self, tables: Iterable[str]) -> dict[str, Snapshot | None]:
        """What readers see now of several tables, by name."""

    def snapshot_ids(self, table: str) -> list[str]:
        """The ids of all whole snapshots, oldest first."""

    def snapshot(self, table: str, snapshot_id: str) -> Snapshot:
        """One that is there."""

    def fetch(self, files: Iterable[FileAt]) -> list[Path]:
        """The files of snapshots as files on this machine, for what reads no others; in order."""

    def publish(
        self, table: Table, base: Snapshot | None, change: Change, state: dict[str, Any], staging: Path
    ) -> Snapshot:
        """Make `base` + `change` current. MaidianError when the table has moved on from `base`."""

    def roll_back(self, table: str, snapshot_id: str) -> Snapshot:
        """Point at a snapshot that is there."""

    def left_at(self, table: str) -> dict[str, datetime]:
        """For each snapshot, when it was last the current one, or was made."""

    def own_bytes(self, table: str, snapshot_ids: Iterable[str]) -> list[int]:
        """For each of them what removing it frees: bytes of files that no other snapshot shares."""

    def remove_snapshot(self, table: str, snapshot_id: str) -> None:
        """Remove it, never seen half removed. MaidianError when it has become current."""

    def remove_orphans(self, table: str, now: datetime, min_age: timedelta) -> int:
        """Remove what publishes that died have left and nothing names, once it is that old; how many."""
