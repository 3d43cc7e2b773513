"""`maidian gc`: remove what nothing needs any more."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

from maidian.options import json_option, lake_option
from pipelines.ingest.index_garbage import remove_unnamed_index_files
from schemas.lake.garbage import (
    KEEP_SNAPSHOTS,
    MIN_AGE,
    Garbage,
    find_garbage,
    remove_dead_staging,
    remove_orphans,
    remove_snapshot,
)
from schemas.lake.lake import Lake, open_lake
from schemas.lake.locks import LockHeldError
from schemas.lake.place import LakePlace

WRITERS = ("ingest", "run", "export")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class AgeType(click.ParamType[timedelta]):
    """A length of time: 1d, 12h or 30m."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Refuse what is no number with a unit."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([dhm])", value)
        if not found:
            self.fail(f"{value!r} is no length of time; give it as 1d, 12h or 30m", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


@click.command(name="gc")
@lake_option
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEEP_SNAPSHOTS,
    show_default=True,
    help="The newest snapshots of each table that stay whatever their age.",
)
@click.option(
    "--min-age",
    type=AgeType(),
    default=MIN_AGE,
    show_default="1d",
    help="How long ago a snapshot must have been replaced: longer than any query takes.",
)
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would go, and remove nothing.")
@json_option
def command(lake: LakePlace, keep: int, min_age: timedelta, is_dry: bool, is_json: bool) -> None:
    """Remove old snapshots and what dead processes left behind. The current snapshot always stays."""
    opened = open_lake(lake)
    now = datetime.now(UTC)
    garbage = [one for table in opened.table_names() for one in find_garbage(opened, table, now, keep, min_age)]
    leftovers = 0
    if not is_dry:
        garbage, leftovers = _remove(opened, garbage, now, min_age)
    freed = sum(one.byte_count for one in garbage)
    if is_json:
        document = {"is_dry_run": is_dry, "snapshots": garbage, "byte_count": freed, "leftover_count": leftovers}
        click.echo(msgspec.json.encode(document))
        return
    for one in garbage:
        click.echo(f"{one.table} {one.snapshot_id}: {one.byte_count:,} bytes")
    verb = "would be removed" if is_dry else f"removed, and {leftovers} leftovers of dead processes"
    click.echo(f"{len(garbage)} snapshots ({freed:,} bytes) {verb}")


def _remove(lake: Lake, garbage: list[Garbage], now: datetime, min_age: timedelta) -> tuple[list[Garbage], int]:
    """Remove what can be; what somebody is at work on is left for the next time. Returns what went."""
    removed = []
    leftovers = remove_dead_staging(lake, WRITERS)
    for one in garbage:
        with suppress(LockHeldError):
            remove_snapshot(lake, one)
            removed.append(one)
    for table in lake.table_names():
        with suppress(LockHeldError):
            leftovers += remove_orphans(lake, table, now, min_age)
    return removed, leftovers + remove_unnamed_index_files(lake, now, min_age)
