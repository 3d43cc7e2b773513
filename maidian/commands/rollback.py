"""`maidian rollback`: point a table at another snapshot."""

import click
import msgspec

from maidian.options import json_option, lake_option
from schemas.errors import UsageError
from schemas.lake.lake import Lake, open_lake
from schemas.lake.locks import hold_lock
from schemas.lake.place import LakePlace
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import Snapshot, current_snapshot, find_snapshot, list_snapshots


@click.command(name="rollback")
@lake_option
@click.option("--list", "is_listing", is_flag=True, help="Show the table's snapshots and change nothing.")
@json_option
@click.argument("table")
@click.argument("snapshot", required=False)
def command(lake: LakePlace, is_listing: bool, is_json: bool, table: str, snapshot: str | None) -> None:
    """Point TABLE at a SNAPSHOT, by default the one its present snapshot was built upon.

    Readers see it at once. It holds until the table is next rebuilt: the rolled-back days are then dirty, so remove the
    cause before the next `maidian run`. Rolling `events` back makes the next ingest take the same lines in again.
    """
    opened = open_lake(lake)
    present = current_snapshot(opened, table)
    if present is None:
        raise UsageError(f"no table {table} has been published; there are: {', '.join(opened.table_names()) or 'none'}")
    if is_listing:
        _print_list(opened, present, is_json)
        return
    target = snapshot or _parent(present)
    # Its writer would build upon the snapshot that is being left. Jobs leave their stamp in the state.
    writer = "run" if "job" in present.manifest.state else "ingest"
    with hold_lock(opened.lock_path(writer), f"{writer} (or a rollback)"):
        snapshot_now = roll_back(opened, table, target)
    if is_json:
        click.echo(msgspec.json.encode({"table": table, "from": present.id, "to": snapshot_now.id}))
    else:
        click.echo(f"{table} now shows {snapshot_now.id} ({snapshot_now.manifest.row_count:,} rows), was {present.id}")


def _parent(present: Snapshot) -> str:
    if present.manifest.parent is None:
        raise UsageError(
            f"table {present.manifest.table}: {present.id} was built upon none; name a snapshot (see them with --list)"
        )
    return present.manifest.parent


def _print_list(lake: Lake, present: Snapshot, is_json: bool) -> None:
    table = present.manifest.table
    manifests = [find_snapshot(lake, table, name).manifest for name in list_snapshots(lake, table)]
    rows = [
        {
            "snapshot_id": manifest.id,
            "is_current": manifest.id == present.id,
            "created_at": manifest.created_at,
            "partition_count": len(manifest.partitions),
            "row_count": manifest.row_count,
        }
        for manifest in manifests
    ]
    if is_json:
        click.echo(msgspec.json.encode({"table": table, "snapshots": rows}))
        return
    for row in reversed(rows):
        mark = "*" if row["is_current"] else " "
        click.echo(f"{mark} {row['snapshot_id']}  {row['partition_count']:>5,} days  {row['row_count']:>14,} rows")
