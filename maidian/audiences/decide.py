"""Who matches a definition, and what becomes of each row that does: two queries over the tables.

The connection holds the views that `tables_read` names. `match` makes the table `matched`; `decide` makes `decided`: the
same rows, each with what a file says of it and with `removed_by`, the first rule that keeps it out of the list, or null.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from maidian.audiences.definition import Audience
from maidian.audiences.export_rules import ExportRules
from maidian.audiences.load_audience import order_of
from maidian.audiences.removal_rules import AFTER_SIZE, BEFORE_SIZE, RemovalRule
from maidian.audiences.sources import SOURCES

# Read for every list, beside the tables of its source.
SHARED_TABLES = ("customer_profiles", "customer_sku_days", "customers", "order_value_groups", "skus", "export_log")
NO_LIMIT = 2**62

MATCHED = """
    CREATE OR REPLACE TEMP TABLE matched AS
    SELECT m.* FROM ({matched}) AS m LEFT JOIN customer_profiles AS about USING (customer_id)
    WHERE (len($lifecycles::VARCHAR[]) = 0 OR list_contains($lifecycles::VARCHAR[], about.lifecycle))
        AND (len($customer_types::VARCHAR[]) = 0 OR list_contains($customer_types::VARCHAR[], about.customer_type))
        AND (len($regions::VARCHAR[]) = 0
            OR len(list_filter($regions::VARCHAR[], lambda each: starts_with(about.region, each))) > 0)
"""

# What a list of names holds, whichever mark stands between them.
NAMES = (
    r"list_filter(list_transform(regexp_split_to_array(coalesce({0}, ''), '[;；,，、|]'), lambda each: trim(each)), "
)
NAMES += "lambda each: each <> '')"

KNOWN = f"""
    WITH sales AS (
        SELECT customer_id, sku_id, max(event_date) AS sale_date FROM customer_sku_days
        WHERE order_line_count > 0 AND event_date <= $as_of AND customer_id IN (SELECT customer_id FROM matched)
        GROUP BY customer_id, sku_id
    ), earlier AS (
        SELECT customer_id, count(DISTINCT (audience, exported_date)) AS list_count FROM export_log
        WHERE outcome IN ('listed', 'held_out')
            AND exported_date > $exported_date - $cap_days::INTEGER AND exported_date <= $exported_date
            AND (exported_date < $exported_date OR (export_number < $export_number::BIGINT AND audience <> $audience))
        GROUP BY customer_id
    ), known AS (
        SELECT m.*, coalesce(c.name, p.name) AS customer_name, p.region, p.customer_type, p.lifecycle,
            g.group_number, s.name AS sku_name, s.category_id, s.category_name,
            s.sku_id IS NOT NULL AS is_known_product, (SELECT count(*) > 0 FROM skus) AS has_master,
            coalesce(s.is_prescription, false) AS is_prescription, coalesce(s.is_controlled, false) AS is_controlled,
            s.license_scope AS sku_license_scope, s.sales_area AS sku_sales_area, c.license_expires_date,
            {NAMES.format("s.license_scope")} AS needed_scopes, {NAMES.format("c.license_scope")} AS held_scopes,
            {NAMES.format("s.sales_area")} AS sold_areas, {NAMES.format("c.sales_area")} AS own_areas,
            m.customer_id IN (SELECT customer_id FROM suppressed) AS is_suppressed,
            NOT $needs_consent OR m.customer_id IN (SELECT customer_id FROM consented) AS has_consent,
            (SELECT max(sale_date) FROM sales AS o WHERE o.customer_id = m.customer_id) AS last_sale_date,
            b.sale_date AS last_bought_date, coalesce(e.list_count, 0) AS list_count,
            m.customer_id IN (SELECT customer_id FROM held_out) AS is_held_out
        FROM matched AS m
        LEFT JOIN customers AS c USING (customer_id)
        LEFT JOIN customer_profiles AS p USING (customer_id)
        LEFT JOIN order_value_groups AS g USING (customer_id)
        LEFT JOIN skus AS s USING (sku_id)
        LEFT JOIN sales AS b USING (customer_id, sku_id)
        LEFT JOIN earlier AS e USING (customer_id)
    )
"""  # noqa: S608 our own text

# Only rows that no earlier rule removed take a place, so that a place is never wasted on one that cannot be used.
DECIDED = """
    CREATE OR REPLACE TEMP TABLE decided AS {known}, judged AS (
        SELECT *, CASE {before_size} END AS rule_before FROM known
    ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY rule_before IS NULL ORDER BY {order}) AS place FROM judged
    ), of_customers AS (
        SELECT *, row_number() OVER (PARTITION BY rule_before IS NULL, customer_id ORDER BY place) AS product_place,
            min(place) OVER (PARTITION BY rule_before IS NULL, customer_id) AS first_place
        FROM placed
    ), sized AS (
        SELECT *, dense_rank() OVER (PARTITION BY rule_before IS NULL ORDER BY first_place) AS customer_place
        FROM of_customers
    )
    SELECT * EXCLUDE (rule_before, needed_scopes, held_scopes, sold_areas, own_areas), CASE WHEN rule_before IS NOT NULL THEN rule_before {after_size} END AS removed_by
    FROM sized
"""


@dataclass(frozen=True)
class Moment:
    """As of which day a list is made, on which it goes out, and as which of that day's exports."""

    as_of: date
    exported_date: date
    export_number: int


def tables_read(audience: Audience) -> list[str]:
    """The tables that a list needs."""
    return sorted({*SHARED_TABLES, *SOURCES[audience.source].tables})


def match(connection: duckdb.DuckDBPyConnection, audience: Audience, as_of: date) -> None:
    """Make the table `matched`: every row that meets the conditions."""
    sql = MATCHED.format(matched=SOURCES[audience.source].matched)
    _execute(connection, sql, {"as_of": as_of, **msgspec.structs.asdict(audience.conditions)})


def decide(
    connection: duckdb.DuckDBPyConnection,
    audience: Audience,
    rules: ExportRules,
    moment: Moment,
    held_out: Collection[str],
) -> None:
    """Make the table `decided` of the table `matched`."""
    register_customers(connection, "suppressed", rules.suppressed)
    register_customers(connection, "consented", rules.consents or ())
    register_customers(connection, "held_out", held_out)
    order = [
        f"{name} {'DESC' if greatest else 'ASC'} NULLS LAST"
        for name, greatest in order_of(audience, SOURCES[audience.source])
    ]
    sql = DECIDED.format(
        known=KNOWN,
        before_size=" ".join(_when(rule) for rule in BEFORE_SIZE),
        after_size=" ".join(_when(rule) for rule in AFTER_SIZE),
        order=", ".join([*order, "customer_id", "sku_id"]),
    )
    _execute(connection, sql, _parameters(audience, rules, moment))


def register_customers(connection: duckdb.DuckDBPyConnection, name: str, customers: Iterable[str]) -> None:
    """Make a table of customers."""
    connection.register("listed_customers", pa.table({"customer_id": pa.array(sorted(customers), pa.string())}))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM listed_customers")
    connection.unregister("listed_customers")


def _when(rule: RemovalRule) -> str:
    return f"WHEN {rule.applies} THEN '{rule.name}'"


def _parameters(audience: Audience, rules: ExportRules, moment: Moment) -> dict[str, Any]:
    unwanted, settings = audience.exclusions, rules.settings
    own_days = unwanted.same_product_within_days
    return {
        "as_of": moment.as_of,
        "exported_date": moment.exported_date,
        "export_number": moment.export_number,
        "audience": audience.name,
        "needs_consent": rules.consents is not None,
        "cap_days": settings.frequency_cap.days,
        "most_lists": settings.frequency_cap.lists,
        "excluded_customer_ids": unwanted.customer_ids,
        "excluded_customer_types": unwanted.customer_types,
        "excluded_regions": unwanted.regions,
        "excluded_lifecycles": unwanted.lifecycles,
        "excluded_sku_ids": unwanted.sku_ids,
        "excluded_category_ids": unwanted.category_ids,
        "excludes_prescription": unwanted.prescription_products,
        "ordered_within_days": unwanted.ordered_within_days,
        # A definition may ask for more days than the shop's rule, never for fewer.
        "same_product_days": max(settings.same_product_days, own_days or 0),
        "products_per_customer": audience.products_per_customer,
        "most_customers": audience.limit or NO_LIMIT,
    }


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]) -> None:
    """DuckDB refuses values that the query does not name."""
    named = set(re.findall(r"\$(\w+)", sql))
    connection.execute(sql, {name: value for name, value in values.items() if name in named})
