"""`maidian effect`: what a campaign brought."""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from maidian.command_log import note_rows
from maidian.options import DAY, Preferences, json_option, lake_option, pass_preferences
from schemas.errors import UsageError
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace


@click.command(name="effect")
@lake_option
@click.argument("campaign")
@click.option("--from", "first", type=DAY, metavar="DAY", help="The first day it went out. [default: the only one]")
@click.option("--to", "last", type=DAY, metavar="DAY", help="The last day it went out. [default: as --from]")
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="How long it is to work.")
@click.option(
    "--after-days", type=click.IntRange(0, 365), default=14, show_default=True, help="Days behind them, for a dip."
)
@click.option(
    "--before-days", type=click.IntRange(2, 365), default=28, show_default=True, help="Days before, to adjust for."
)
@click.option(
    "--treated",
    "treated_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For a campaign that is not in the log: a CSV file with a column customer_id. Needs --from.",
)
@click.option("--as-of", type=DAY, metavar="DAY", help="Know nothing after this day. [default: newest]")
@click.option("--try", "is_trial", is_flag=True, help="Only show it: nothing is kept in promotion_effects.")
@json_option
@pass_preferences
def command(
    preferences: Preferences,
    lake: LakePlace,
    campaign: str,
    first: datetime | None,
    last: datetime | None,
    days: int,
    after_days: int,
    before_days: int,
    treated_file: Path | None,
    as_of: datetime | None,
    is_trial: bool,
    is_json: bool,
) -> None:
    """Measure what a campaign brought: companies in its list against those held out of it.

    CAMPAIGN is the name of a list that `maidian export` wrote: orders, net amount and order value of a company during
    and after it, with 95 % intervals. Where nobody was held out, or with --treated, it compares changes with those of
    other companies, which is weaker evidence and says so. The rows are kept in the table promotion_effects;
    docs/effects.md says how to read them.

    It needs the extra `effect`: pip install 'maidian[effect]'.
    """
    if find_spec("statsmodels") is None:
        raise UsageError("the statistics are those of statsmodels; install it: pip install 'maidian[effect]'")
    if treated_file is not None and (first is None or last is not None):
        raise UsageError("--treated needs --from, the day the campaign began, and no --to")
    if first is not None and last is not None and last < first:
        raise UsageError(f"--to {last.date()} is before --from {first.date()}; turn them round")
    from jobs.engine.audit import audit_partitions
    from maidian.audiences.customer_file import read_customers
    from maidian.effects.effect import Asked, measure_effect
    from maidian.effects.outcomes import Windows
    from maidian.effects.show import effect_json, print_effect

    asked = Asked(
        name=campaign,
        first_date=first.date() if first else None,
        last_date=last.date() if last else None,
        treated=read_customers(treated_file) if treated_file else None,
        windows=Windows(before_days, days, after_days),
        as_of=as_of.date() if as_of else None,
    )
    rows = measure_effect(open_lake(lake), asked, None if is_trial else audit_partitions)
    note_rows(0 if is_trial else len(rows))
    if is_json:
        click.echo(effect_json(rows))
    else:
        print_effect(rows, after_days, preferences.language)
