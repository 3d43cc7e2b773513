"""What each company of a campaign did, before and since: orders and sales by window, from its own first day."""

from dataclasses import dataclass
from decimal import Decimal

import duckdb
import numpy as np

from maidian.effects.estimate import Flags, Floats


@dataclass(frozen=True)
class Windows:
    """Days from a company's first day on (its first day is 0), the end not included."""

    before_days: int
    effect_days: int
    after_days: int

    def of(self) -> dict[str, tuple[int, int]]:
        """Each window by name. `earlier` and `later` are the halves of the days before."""
        half = self.before_days // 2
        return {
            "before": (-self.before_days, 0),
            "earlier": (-2 * half, -half),
            "later": (-half, 0),
            "effect": (0, self.effect_days),
            "after": (self.effect_days, self.effect_days + self.after_days),
            "total": (0, self.effect_days + self.after_days),
        }

    def days(self, window: str) -> int:
        """How many."""
        start, end = self.of()[window]
        return end - start


@dataclass(frozen=True)
class Done:
    """Orders and net amounts of every company in one window, in one order of companies."""

    orders: Floats
    amounts: Floats


@dataclass(frozen=True)
class SideTotal:
    """What one side did in one window, exact."""

    order_count: int
    net_amount: Decimal


@dataclass(frozen=True)
class Outcomes:
    """Of all companies."""

    is_treated: Flags
    done: dict[str, Done]
    totals: dict[tuple[str, bool], SideTotal]
    currency: str | None
    other_list_customer_count: int


# A sale counts once however many lines it has; a credit note is no order, and takes from the amount.
DONE = """
    CREATE OR REPLACE TEMP TABLE done AS
    WITH lines AS (
        SELECT customer_id, order_id, is_sale, net_sales_amount, event_date - entered_date AS day
        FROM order_lines JOIN companies USING (customer_id)
    ) SELECT c.customer_id, any_value(c.is_treated) AS is_treated, {columns}
    FROM companies AS c LEFT JOIN lines AS l USING (customer_id) GROUP BY c.customer_id ORDER BY c.customer_id
"""
COLUMNS = """
    count(DISTINCT l.order_id) FILTER (l.is_sale AND l.day >= {start} AND l.day < {end}) AS {name}_orders,
    coalesce(sum(l.net_sales_amount) FILTER (l.day >= {start} AND l.day < {end}), 0) AS {name}_amount"""

CURRENCY = """
    SELECT CASE WHEN count(DISTINCT currency) = 1 THEN any_value(currency) END
    FROM order_lines JOIN companies USING (customer_id)
    WHERE event_date >= entered_date - $before_days::INTEGER AND event_date < entered_date + $last_day::INTEGER
"""

OTHER_LISTS = """
    SELECT count(DISTINCT customer_id) FROM export_log JOIN companies USING (customer_id)
    WHERE outcome IN ('listed', 'held_out') AND (audience <> $name OR exported_date NOT BETWEEN $first AND $last)
        AND exported_date >= entered_date - $before_days::INTEGER AND exported_date < entered_date + $last_day::INTEGER
"""


def gather(connection: duckdb.DuckDBPyConnection, windows: Windows, span: dict[str, object]) -> Outcomes:
    """Sum up for the companies of the table `companies`. `span` is the campaign's name, first and last day."""
    columns = ",".join(COLUMNS.format(name=name, start=start, end=end) for name, (start, end) in windows.of().items())
    connection.execute(DONE.format(columns=columns))
    found = connection.execute("FROM done ORDER BY customer_id").fetchnumpy()
    days: dict[str, object] = {"before_days": windows.before_days, "last_day": windows.of()["total"][1]}
    ((currency,),) = connection.execute(CURRENCY, days).fetchall()
    ((others,),) = connection.execute(OTHER_LISTS, {**days, **span}).fetchall()
    return Outcomes(
        is_treated=np.asarray(found["is_treated"], dtype=np.bool_),
        done={name: Done(_floats(found[f"{name}_orders"]), _floats(found[f"{name}_amount"])) for name in windows.of()},
        totals=_totals(connection, windows),
        currency=currency,
        other_list_customer_count=others,
    )


def _totals(connection: duckdb.DuckDBPyConnection, windows: Windows) -> dict[tuple[str, bool], SideTotal]:
    totals = {}
    for name in windows.of():
        sql = f"SELECT is_treated, sum({name}_orders)::BIGINT, sum({name}_amount) FROM done GROUP BY is_treated"  # noqa: S608
        for is_treated, orders, amount in connection.execute(sql).fetchall():
            totals[name, is_treated] = SideTotal(orders, amount)
    return totals


def _floats(column: object) -> Floats:
    return np.asarray(column, dtype=np.float64)
