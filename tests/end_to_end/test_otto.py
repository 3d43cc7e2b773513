"""OTTO, real sessions of a web shop without customers: every table builds, and the facts equal plain SQL over the file."""

from pathlib import Path

import duckdb
import pytest

from jobs.engine.discovery import find_jobs
from tests.end_to_end.commands import glob_of, maidian, maidian_json

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]

# What the file says; nothing of ours is in it.
FILE_SQL = """
    SELECT session, e.aid AS sku, e.ts AS ms, e.type AS kind
    FROM (SELECT session, unnest(events) AS e FROM read_json('{path}'))
"""

# Of visitors whom nobody knows, and of masters that were not imported, there is nothing to say.
NEED_CUSTOMERS = {
    "customer_interests",
    "customer_lifecycles",
    "customer_profiles",
    "customer_sku_days",
    "order_value_groups",
    "sku_viewers",
}
NEED_SEARCHES = {"search_clicks", "search_funnel", "search_requests", "search_terms", "searches", "zero_result_terms"}


@pytest.fixture(scope="module")
def sessions(shared_data: Path) -> Path:
    return shared_data / "otto" / "train.jsonl"


@pytest.fixture(scope="module")
def lake(sessions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("otto") / "lake"
    maidian("init", "--lake", lake, "--time-zone", "Europe/Berlin")
    maidian("import", sessions, "--mapping", "otto", "--lake", lake)
    maidian("ingest", "--lake", lake)
    maidian("run", "--lake", lake)
    return lake


def in_file(sessions: Path, select: str, where: str = "true") -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {select} FROM ({FILE_SQL.format(path=sessions)}) WHERE {where}").fetchall()


def in_lake(lake: Path, table: str, select: str, where: str = "true") -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {select} FROM read_parquet('{glob_of(lake, table)}') WHERE {where}").fetchall()


def test_every_act_is_an_event(sessions: Path, lake: Path) -> None:
    assert in_lake(lake, "events", "count(*)", "event_type = 'view'") == in_file(
        sessions, "count(*)", "kind = 'clicks'"
    )
    carts = in_lake(lake, "events", "count(*)", "event_type = 'click' AND list = 'cart'")
    assert carts == in_file(sessions, "count(*)", "kind = 'carts'")
    assert carts > [(0,)]
    orders = "count(DISTINCT (session, ms))"
    assert in_lake(lake, "events", "count(*)", "event_type = 'order'") == in_file(sessions, orders, "kind = 'orders'")


def test_products_at_their_instants(sessions: Path, lake: Path) -> None:
    expected = in_file(sessions, "sku::VARCHAR, make_timestamp(ms * 1000)", "kind = 'clicks'")
    found = in_lake(lake, "session_events", "sku_id, occurred_at AT TIME ZONE 'UTC'", "event_type = 'view'")
    assert sorted(found) == sorted(expected)


def test_order_lines(sessions: Path, lake: Path) -> None:
    expected = in_file(sessions, "'otto-' || session || '-' || ms, sku::VARCHAR", "kind = 'orders'")
    assert sorted(in_lake(lake, "order_lines", "order_id, sku_id")) == sorted(expected)


def test_visits_are_half_hours_apart(sessions: Path, lake: Path) -> None:
    """A device's acts more than 30 minutes apart are two visits; none of these goes on past two midnights."""
    expected = duckdb.sql(f"""
        SELECT count(*) FROM (
            SELECT ms - lag(ms) OVER (PARTITION BY session ORDER BY ms) AS gap
            FROM ({FILE_SQL.format(path=sessions)}))
        WHERE gap IS NULL OR gap > 30 * 60 * 1000
    """).fetchall()
    assert in_lake(lake, "sessions", "count(*)") == expected


def test_every_table_is_built(lake: Path) -> None:
    rows = {table["table"]: table["row_count"] for table in maidian_json("status", "--lake", lake)["tables"]}
    made = {"events", *(job.table for job in find_jobs())}
    assert made <= rows.keys()
    assert {table for table in made if not rows[table]} == NEED_CUSTOMERS | NEED_SEARCHES
