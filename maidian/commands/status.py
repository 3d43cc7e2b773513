"""`maidian status`: how every table stands."""

from pathlib import Path

import click
import msgspec

from maidian.options import Language, Preferences, json_option, lake_option, pass_preferences, settings_option
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace
from schemas.settings_file import lake_settings

HEADINGS: dict[Language, tuple[str, ...]] = {
    "en": ("table", "newest day", "days", "rows", "dirty days", "published", "snapshot", "last run"),
    "zh": ("表", "最新日期", "天数", "行数", "待重建天数", "发布于", "快照", "最近运行"),
}
NUMBERS = ("days", "rows", "dirty days", "天数", "行数", "待重建天数")


@click.command(name="status")
@lake_option
@settings_option
@json_option
@pass_preferences
def command(preferences: Preferences, lake: LakePlace, settings_file: Path | None, is_json: bool) -> None:
    """Show each table's newest day, rows, dirty days, age and last run, and the last failure of any.

    It only reads, and works beside a run. Dirty days count against what is published now: `+` says that a table it
    reads is dirty too, so that more days may follow.
    """
    from jobs.engine.discovery import find_jobs
    from jobs.engine.status import TableStatus, table_statuses
    from maidian.text_table import new_table, print_table

    opened = open_lake(lake)
    statuses = table_statuses(opened, find_jobs(lake_settings(opened.path, settings_file)))
    if is_json:
        document = {"lake": opened.name, "time_zone": opened.time_zone, "tables": statuses}
        click.echo(msgspec.json.encode(document))
        return

    def dirty(status: TableStatus) -> str:
        return "" if status.dirty_day_count is None else f"{status.dirty_day_count:,}{'+' * bool(status.waits_for)}"

    table = new_table(HEADINGS[preferences.language], NUMBERS)
    for status in statuses:
        table.add_row(
            status.table,
            status.newest_day or "",
            f"{status.partition_count:,}",
            f"{status.row_count:,}",
            dirty(status),
            _age(status.age_seconds),
            status.snapshot_id or "",
            f"{status.last_outcome} {status.last_run_at}" if status.last_run_at else "",
        )
    print_table(table)
    for status in statuses:
        if status.last_failure:
            click.echo(f"last failure of {status.table}, {status.last_failure_at}: {status.last_failure}")


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
