"""`maidian report`: one page about how the shop does."""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from maidian.options import DAY, Preferences, lake_option, pass_preferences, require_folder
from schemas.errors import UsageError
from schemas.lake.durable import write_durably
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace


@click.command(name="report")
@lake_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The page; one that is there is replaced.",
)
@click.option("--as-of", type=DAY, metavar="DAY", help="The last day, up to this. [default: newest]")
@click.option("--days", type=click.IntRange(1, 180), default=30, show_default=True, help="How many days it is about.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows of the lists of tops.")
@pass_preferences
def command(
    preferences: Preferences, lake: LakePlace, out: Path, as_of: datetime | None, days: int, limit: int
) -> None:
    """Write one page about the shop: traffic, orders, searches, order values, what is looked at, data quality.

    It holds all it needs and loads nothing, so that it can be sent or put anywhere; with --lang zh (before `report`)
    in Chinese. It needs the extra `report`: pip install 'maidian[report]'.
    """
    if find_spec("altair") is None or find_spec("vl_convert") is None:
        raise UsageError("the report draws with altair and vl-convert; install them: pip install 'maidian[report]'")
    require_folder("--out", out)
    from maidian.report.charts import draw
    from maidian.report.gather import gather
    from maidian.report.page import report_page

    report = gather(open_lake(lake), as_of=as_of.date() if as_of else None, days=days, limit=limit)
    page = report_page(report, draw(report, preferences.language), preferences.language)
    write_durably(out, page.encode())
    click.echo(f"wrote {out}: {report.first_day} to {report.last_day}")
