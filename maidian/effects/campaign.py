"""Who a campaign reached and who was kept out of it by lot: the companies, each with its side and its first day.

A company belongs to the side of its first entry in the log, whatever became of it later: what counts is whom the list was
meant to reach (intent to treat). Its days are counted from that entry, on both sides alike.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import duckdb

from maidian.audiences.decide import register_customers
from maidian.effects.estimate import LEAST_A_SIDE
from schemas.errors import UsageError


@dataclass(frozen=True)
class Campaign:
    """A campaign by name, with the days that it went out on."""

    name: str
    first_date: date
    last_date: date


@dataclass(frozen=True)
class Sides:
    """How the two sides came about: the share that the draw holds out, None without a holdout."""

    treated_count: int
    control_count: int
    expected_control_ratio: float | None

    @property
    def has_holdout(self) -> bool:
        """Whether lots were drawn."""
        return self.expected_control_ratio is not None


ENTERED = """
    CREATE OR REPLACE TEMP TABLE companies AS
    SELECT customer_id, min(exported_date) AS entered_date,
        arg_min(outcome, (exported_date, export_number)) = 'listed' AS is_treated
    FROM export_log
    WHERE audience = $name AND exported_date BETWEEN $first AND $last AND outcome IN ('listed', 'held_out')
    GROUP BY customer_id
"""

GIVEN = """
    CREATE OR REPLACE TEMP TABLE companies AS SELECT customer_id, $first::DATE AS entered_date, true AS is_treated FROM given
"""

# Within a group the share that the draw has, over the groups as the campaign's companies stand in them.
EXPECTED = """
    WITH drawn AS (
        SELECT h.customer_id, avg(is_held_out::INTEGER) OVER (PARTITION BY group_number) AS share FROM holdouts AS h
        WHERE draw_id = $draw_id
    ) SELECT avg(share) FROM companies JOIN drawn USING (customer_id)
"""

# Who did anything in the days before, as those in a list did; held-out companies of other draws are as good as any.
OTHERS = """
    INSERT INTO companies
    SELECT DISTINCT customer_id, $first::DATE, false FROM customer_sku_days
    WHERE event_date >= $first - $before_days::INTEGER AND event_date < $first AND customer_id IS NOT NULL
        AND customer_id NOT IN (SELECT customer_id FROM companies)
"""


def logged_campaign(
    connection: duckdb.DuckDBPyConnection, name: str, first: date | None, last: date | None
) -> Campaign:
    """The campaign of a list's exports. UsageError when there are none, or on several days and none was named."""
    sql = """SELECT DISTINCT exported_date FROM export_log WHERE audience = $name
        AND exported_date BETWEEN coalesce($first, '-infinity'::DATE) AND coalesce($last, 'infinity'::DATE) ORDER BY 1"""
    span = {"name": name, "first": first, "last": last or first}
    days = [day for (day,) in connection.execute(sql, span).fetchall()]
    if not days:
        known = connection.execute("SELECT DISTINCT audience FROM export_log ORDER BY 1").fetchall()
        listed = ", ".join(each for (each,) in known) or "none yet"
        within = " in those days" if first or last else ""
        raise UsageError(f"no list {name!r} went out{within}; lists in the log: {listed}. See also --treated")
    if len(days) > 1 and first is None and last is None:
        raise UsageError(
            f"{name} went out on {len(days)} days, {days[0]} to {days[-1]}; say which belong to the campaign: "
            "--from DAY, and --to DAY if it went out more than once"
        )
    return Campaign(name, days[0], days[-1])


def enter_logged(connection: duckdb.DuckDBPyConnection, campaign: Campaign, before_days: int) -> Sides:
    """Make the table `companies` of the log. UsageError when the campaign spans two draws of the holdout."""
    span = {"name": campaign.name, "first": campaign.first_date, "last": campaign.last_date}
    connection.execute(ENTERED, span)
    sql = (
        """SELECT DISTINCT draw_id FROM export_log WHERE audience = $name AND exported_date BETWEEN $first AND $last"""
    )
    draws = [draw for (draw,) in connection.execute(sql, span).fetchall()]
    if len(draws) > 1:
        raise UsageError(
            f"{campaign.name}: share or salt of the holdout changed between {campaign.first_date} and "
            f"{campaign.last_date}; measure the days before and after by themselves, with --from and --to"
        )
    treated, control = _counts(connection)
    if draws[0] is not None and control >= LEAST_A_SIDE:
        ((expected,),) = connection.execute(EXPECTED, {"draw_id": draws[0]}).fetchall()
        return _checked(campaign, Sides(treated, control, expected))
    connection.execute("DELETE FROM companies WHERE NOT is_treated")
    return _enter_others(connection, campaign, before_days)


def enter_given(
    connection: duckdb.DuckDBPyConnection, campaign: Campaign, treated: Collection[str], before_days: int
) -> Sides:
    """Make the table `companies` of those a person names, and of those that did anything in the days before."""
    register_customers(connection, "given", treated)
    connection.execute(GIVEN, {"first": campaign.first_date})
    return _enter_others(connection, campaign, before_days)


def _enter_others(connection: duckdb.DuckDBPyConnection, campaign: Campaign, before_days: int) -> Sides:
    connection.execute(OTHERS, {"first": campaign.first_date, "before_days": before_days})
    return _checked(campaign, Sides(*_counts(connection), None))


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    sql = "SELECT count(*) FILTER (is_treated), count(*) FILTER (NOT is_treated) FROM companies"
    ((treated, control),) = connection.execute(sql).fetchall()
    return treated, control


def _checked(campaign: Campaign, sides: Sides) -> Sides:
    if min(sides.treated_count, sides.control_count) < LEAST_A_SIDE:
        raise UsageError(
            f"{campaign.name}: {sides.treated_count} companies were in the list and {sides.control_count} to compare "
            f"with; nothing can be said of fewer than {LEAST_A_SIDE} on a side"
        )
    return sides
