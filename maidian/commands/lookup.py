"""`maidian lookup`: what an operator asks about one customer, product or search term."""

from datetime import datetime

import click

from maidian.options import DAY, Preferences, json_option, lake_option, pass_preferences
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace


@click.command(name="lookup")
@lake_option
@click.argument("kind", type=click.Choice(["customer", "sku", "query"]))
@click.argument("value")
@click.option(
    "--as-of",
    type=DAY,
    metavar="DAY",
    help="As of the newest day up to this. [default: newest]",
)
@click.option("--limit", type=click.IntRange(min=1), default=15, show_default=True, help="Rows shown of each part.")
@json_option
@pass_preferences
def command(
    preferences: Preferences, lake: LakePlace, kind: str, value: str, as_of: datetime | None, limit: int, is_json: bool
) -> None:
    """Look a customer, a product or a search term up.

    VALUE is a customer's or product's number, or its name or a part of that; of a query, the words as a customer
    types them.

    \b
    customer  what it viewed, favourited, searched and bought, and when; what before its first order
    sku       who viewed or favourited it, and has not bought it; which searches led to it
    query     what it finds, whether customers click and order, what it may have meant
    """  # noqa: D301 click's mark for lines that stay as they are
    from maidian.reading.engine import start_engine

    engine = start_engine()
    from maidian.lookup.look_up import look_up
    from maidian.lookup.show import answer_json, print_answer

    found = look_up(open_lake(lake), kind, value, as_of=as_of.date() if as_of else None, limit=limit, engine=engine)
    if is_json:
        click.echo(answer_json(kind, found))
    else:
        print_answer(found, preferences.language)
