"""`maidian init`: a lake and its time zone."""

from zoneinfo import ZoneInfo

import click

from maidian.options import lake_option, time_zone_option
from schemas.lake.lake import create_lake, is_lake
from schemas.lake.place import LakePlace


@click.command(name="init")
@lake_option
@time_zone_option
def command(lake: LakePlace, time_zone: ZoneInfo | None) -> None:
    """Create a lake. Its business days are days of its time zone, which never changes."""
    is_new = not is_lake(lake)
    opened = create_lake(lake, time_zone.key if time_zone else None)
    made = "created" if is_new else "there already is"
    default = " (the default; --time-zone chooses another for a new lake)" if is_new and time_zone is None else ""
    click.echo(f"{made} a lake at {opened.name}, time zone {opened.time_zone}{default}")
