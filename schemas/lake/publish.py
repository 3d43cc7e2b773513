"""Publishing a table: all that is new becomes visible at once, or not at all."""

from pathlib import Path
from typing import Any

from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, find_snapshot
from schemas.lake.storage.tables import NO_PARTITION, Change, NewFile
from schemas.tables.declaration import Table

__all__ = ["NO_PARTITION", "Change", "NewFile", "publish", "roll_back", "staged_file"]


def staged_file(staging: Path, table: Table, value: str, name: str) -> Path:
    """Where a new file of a partition is written: in a folder named as the partition's, so that it can be read so."""
    folder = staging / table.name / f"{table.partition}={value}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def publish(
    lake: Lake, table: Table, base: Snapshot | None, change: Change, state: dict[str, Any], staging: Path
) -> Snapshot:
    """Make the snapshot `base` + `change` current and return it.

    `base` is what the caller built upon; MaidianError when the table has moved on since. The caller may keep or remove
    its own names of the new files. `staging` is the caller's staging area.
    """
    return lake.tables.publish(table, base, change, state, staging)


def roll_back(lake: Lake, table: str, snapshot_id: str) -> Snapshot:
    """Point `current` at an older (or newer) snapshot that is still there. UsageError when it is not."""
    return lake.tables.roll_back(table, find_snapshot(lake, table, snapshot_id).id)
