"""What both kinds of places write: which files a new snapshot has, and its manifest."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from schemas.errors import MaidianError
from schemas.lake.manifest import DataFile, Manifest, Partition
from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.tables import Change, NewFile
from schemas.tables.declaration import Table


def check_unmoved(table: str, current: Snapshot | None, base: Snapshot | None) -> None:
    """MaidianError when `base` is no longer what readers see."""
    if (current and current.id) != (base and base.id):
        raise moved_on(table)


def moved_on(table: str) -> MaidianError:
    """Somebody else has published meanwhile."""
    return MaidianError(f"table {table} changed while it was being rebuilt; run the command again")


def files_of(base: Snapshot | None, change: Change) -> Iterator[tuple[str, list[DataFile], list[NewFile]]]:
    """For each partition of the new snapshot: the files that stay, and those that are added."""
    replaced = set(change.replace)
    old = base.manifest.partitions if base else {}
    for value in sorted(old.keys() | change.add.keys()):
        kept = old[value].files if value in old and value not in replaced else []
        names = {file.name for file in kept}
        # The same range published again: its bytes are a function of its name.
        added = {new.name: new for new in reversed(change.add.get(value, [])) if new.name not in names}
        if kept or added:
            yield value, list(kept), list(added.values())


def new_id() -> str:
    """Later ones sort later."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(2)}"


def new_manifest(
    table: Table,
    snapshot_id: str,
    base: Snapshot | None,
    partitions: dict[str, list[DataFile]],
    state: dict[str, Any],
) -> Manifest:
    """The manifest of files that are in their places."""
    return Manifest(
        table=table.name,
        id=snapshot_id,
        parent=base.id if base else None,
        created_at=datetime.now(UTC).isoformat(),
        table_version=table.version,
        partition_column=table.partition,
        partitions={
            value: Partition(files=sorted(files, key=lambda file: file.name)) for value, files in partitions.items()
        },
        state=state,
    )
