"""What exports leave behind in the lake: the draw of the holdout, and the log of who was in which list.

Both are tables like all others: audited before anybody sees them, published as snapshots, a part more each time.
"""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from maidian.audiences.decide import Moment
from maidian.audiences.export_rules import Holdout
from maidian.audiences.holdouts import NO_GROUP, Assignment, draw, draw_id_of
from maidian.audiences.removal_rules import HELD_OUT, RULES
from maidian.publish_rows import Audit, publish_rows
from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from schemas.tables.declaration import Table
from schemas.tables.export_log import TABLE as EXPORT_LOG
from schemas.tables.holdouts import TABLE as HOLDOUTS

# A company is in the list if one of its rows is; held out if one would be but for that; else removed, by the first rule
# that removed one of its rows.
LOG_ROWS = f"""
    SELECT $export_id AS export_id, $export_number::BIGINT AS export_number, $audience AS audience, $as_of AS as_of,
        customer_id,
        CASE WHEN bool_or(removed_by IS NULL) THEN 'listed' WHEN bool_or(removed_by = '{HELD_OUT}') THEN '{HELD_OUT}'
            ELSE 'removed' END AS outcome,
        CASE WHEN outcome = 'removed' THEN arg_min(removed_by, list_position($rules::VARCHAR[], removed_by)) WHEN outcome = '{HELD_OUT}' THEN '{HELD_OUT}' END
            AS removed_by,
        coalesce(list(sku_id ORDER BY place) FILTER (sku_id IS NOT NULL AND coalesce(removed_by, '{HELD_OUT}') = '{HELD_OUT}'),
            []) AS sku_ids,
        count(*) AS matched_row_count, count(*) FILTER (removed_by IS NULL) AS listed_row_count,
        count(*) FILTER (removed_by IS NOT NULL) AS removed_row_count,
        $draw_id::VARCHAR AS draw_id, any_value(group_number) AS group_number
    FROM decided GROUP BY customer_id ORDER BY customer_id
"""  # noqa: S608 our own text

WRITER = "export"
"""The lock and the staging area of exports."""


def keep_draw(
    lake: Lake, connection: duckdb.DuckDBPyConnection, holdout: Holdout, day: date, staging: Path, audit: Audit | None
) -> frozenset[str]:
    """Draw for the companies that have no side yet, and return all that are held out.

    The companies are those of the profiles and those that matched. Without an audit nothing is kept: a trial.
    """
    if holdout.percent == 0:
        return frozenset()
    draw_id = draw_id_of(holdout)
    snapshot = current_snapshot(lake, HOLDOUTS.name)
    files = lake.tables.fetch(snapshot.files()) if snapshot else []
    kept = [
        Assignment(row["customer_id"], row["group_number"] or NO_GROUP, row["is_held_out"])
        for path in files
        for row in pq.read_table(path, partitioning=None).to_pylist()
        if row["draw_id"] == draw_id
    ]
    new = draw(holdout, kept, _groups(connection))
    if new and audit is not None:
        rows = {
            "draw_id": [draw_id] * len(new),
            "customer_id": [one.customer_id for one in new],
            "group_number": [one.group_number or None for one in new],
            "is_held_out": [one.is_held_out for one in new],
        }
        _add_part(lake, HOLDOUTS, pa.table(rows, schema=HOLDOUTS.file_schema), day, staging, audit)
    return frozenset(one.customer_id for one in (*kept, *new) if one.is_held_out)


def find_export(connection: duckdb.DuckDBPyConnection, export_id: str, day: date) -> tuple[int, bool]:
    """The place of an export among those of its day, and whether it is in the log already."""
    sql = """SELECT coalesce(max(export_number) FILTER (export_id = $export_id), 0), coalesce(max(export_number), 0)
        FROM export_log WHERE exported_date = $day"""
    ((own, last),) = connection.execute(sql, {"export_id": export_id, "day": day}).fetchall()
    return (own, True) if own else (last + 1, False)


def log_export(
    lake: Lake,
    connection: duckdb.DuckDBPyConnection,
    export_id: str,
    audience: str,
    draw_id: str | None,
    moment: Moment,
    staging: Path,
    audit: Audit,
) -> None:
    """Add a row for every company that matched. A list that nobody matched leaves no trace."""
    values = {
        "export_id": export_id,
        "export_number": moment.export_number,
        "audience": audience,
        "as_of": moment.as_of,
        "draw_id": draw_id,
        "rules": list(RULES),
    }
    found = connection.sql(LOG_ROWS, params=values).to_arrow_table()
    assert isinstance(found, pa.Table)
    if found.num_rows:
        rows = found.cast(EXPORT_LOG.file_schema)
        _add_part(lake, EXPORT_LOG, rows, moment.exported_date, staging, audit)


def _groups(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    sql = f"""SELECT customer_id, coalesce(group_number, {NO_GROUP})
        FROM (SELECT customer_id FROM customer_profiles UNION SELECT customer_id FROM matched)
        LEFT JOIN order_value_groups USING (customer_id)"""  # noqa: S608 our own text
    return dict(connection.execute(sql).fetchall())


def _add_part(lake: Lake, table: Table, rows: pa.Table, day: date, staging: Path, audit: Audit) -> None:
    """Publish the rows as one file more of the day's partition, once the audit has seen the whole partition."""
    base = current_snapshot(lake, table.name)
    there = lake.tables.fetch(base.files([day.isoformat()])) if base else []
    publish_rows(lake, table, base, rows, day, staging, audit, beside=there)
