"""The demo as a person runs it: the tables equal what was planted, row for row."""

from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.commands import glob_of, maidian
from tests.oracles.session_events_sql import QUERY

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "demo"
    maidian("demo", "--events", 40_000, "--days", 10, "--seed", 5, "--out", out)
    return out


def lake_table(demo: Path, table: str) -> str:
    """The table as DuckDB reads it."""
    return f"read_parquet('{glob_of(demo / 'lake', table)}', hive_partitioning = true)"


def differences(demo: Path, table: str, truth: str, columns: str) -> list[tuple[object, ...]]:
    """Rows that only one of the two has, the planted ones first."""
    planted = f"SELECT {columns} FROM read_parquet('{demo / 'truth' / truth}.parquet')"
    found = f"SELECT {columns} FROM {lake_table(demo, table)}"
    assert duckdb.sql(planted).limit(1).fetchall()
    return duckdb.sql(f"""
        (SELECT 'planted', * FROM ({planted} EXCEPT ALL {found}) LIMIT 3)
        UNION ALL (SELECT 'found', * FROM ({found} EXCEPT ALL {planted}) LIMIT 3)
    """).fetchall()


def test_events_are_those_planted(demo: Path) -> None:
    columns = "event_id, event_type, occurred_at, event_date, customer_id, anonymous_id, sku_id, query, order_id"
    assert differences(demo, "events", "events", columns) == []


def test_rejects_are_those_planted_byte_for_byte(demo: Path) -> None:
    assert differences(demo, "rejects", "rejects", "source, segment, byte_offset, kind, raw") == []


def test_orders_stand_as_they_ended(demo: Path) -> None:
    columns = """order_id, CAST(line_number AS BIGINT) AS line_number, event_date, customer_id, sku_id, quantity,
        unit_price, discount, CAST(amount AS DECIMAL(38, 4)) AS amount, status, is_sale"""
    assert differences(demo, "order_lines", "order_lines", columns) == []
    columns = """order_id, event_date, customer_id, channel, placed_by, status, ordered_at, paid_at,
        CAST(line_count AS BIGINT) AS line_count, CAST(amount AS DECIMAL(38, 4)) AS amount, is_sale"""
    assert differences(demo, "orders", "orders", columns) == []


def test_sessions_and_customers_are_those_seen_over_all_days_at_once(demo: Path) -> None:
    columns = "event_id, session_id, session_date, customer_id, is_stitched"
    found = f"SELECT {columns} FROM {lake_table(demo, 'session_events')}"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW events AS SELECT * FROM {lake_table(demo, 'events')}")
        connection.execute(f"CREATE TABLE expected AS SELECT {columns} FROM ({QUERY})")
        expected = "SELECT * FROM expected"
        assert (
            connection.sql(f"({expected} EXCEPT ALL {found}) UNION ALL ({found} EXCEPT ALL {expected})").fetchall()
            == []
        )


def test_nearly_every_customer_found_is_the_one_who_was_planted(demo: Path) -> None:
    (row,) = duckdb.sql(f"""
        SELECT
            count(*) FILTER (is_stitched),
            count(*) FILTER (is_stitched AND session_events.customer_id = actual_customer_id),
            count(*) FILTER (is_stitched AND actual_customer_id IS NULL),
            count(*) FILTER (NOT is_stitched AND session_events.customer_id IS DISTINCT FROM events.customer_id)
        FROM {lake_table(demo, "session_events")} AS session_events
        JOIN read_parquet('{demo / "truth" / "events.parquet"}') AS events USING (event_id)
    """).fetchall()
    stitched, right, visitors, changed = row
    assert stitched > 1000
    assert right / stitched > 0.99  # wrong is who takes a counter's device after another, before it is known as shared
    assert visitors == 0
    assert changed == 0


def test_customer_days_are_what_was_planted_and_what_was_stitched(demo: Path) -> None:
    """The truth counts what was sent; what customers did before they logged in comes on top."""
    stitched = f"""
        SELECT event_date, customer_id, sku_id,
            count(*) FILTER (event_type = 'view') AS view_count,
            count(*) FILTER (event_type = 'click') AS click_count,
            count(*) FILTER (event_type = 'favorite' AND coalesce(action, 'add') = 'add') AS favorite_count,
            count(*) FILTER (event_type = 'favorite' AND action = 'remove') AS unfavorite_count,
            0 AS order_line_count, 0 AS quantity, 0 AS amount
        FROM {lake_table(demo, "session_events")}
        WHERE is_stitched AND event_type IN ('view', 'click', 'favorite')
        GROUP BY ALL"""
    names = ("view_count", "click_count", "favorite_count", "unfavorite_count", "order_line_count", "quantity")
    columns = ", ".join(["event_date, customer_id, sku_id", *names, "CAST(amount AS DECIMAL(38, 4)) AS amount"])
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in names)
    planted = f"SELECT {columns} FROM read_parquet('{demo / 'truth' / 'customer_sku_days.parquet'}')"
    expected = f"""
        SELECT event_date, customer_id, sku_id, {sums}, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount
        FROM ({planted} UNION ALL {stitched}) GROUP BY ALL"""
    found = f"SELECT {columns} FROM {lake_table(demo, 'customer_sku_days')}"
    assert duckdb.sql(stitched).limit(1).fetchall()
    assert duckdb.sql(f"({expected} EXCEPT ALL {found}) UNION ALL ({found} EXCEPT ALL {expected})").fetchall() == []


def test_days_of_customers_say_what_was_stitched(demo: Path) -> None:
    """A day and product of a customer is stitched exactly when an act behind it is."""
    behind = f"""
        SELECT event_date, customer_id, sku_id, bool_or(is_stitched) AS is_stitched
        FROM {lake_table(demo, "session_events")}
        WHERE customer_id IS NOT NULL AND event_type IN ('view', 'click', 'favorite')
        GROUP BY ALL"""
    (row,) = duckdb.sql(f"""
        SELECT count(*) FILTER (found.is_stitched), count(*) FILTER (found.is_stitched IS DISTINCT FROM behind.is_stitched)
        FROM ({behind}) AS behind JOIN {lake_table(demo, "customer_sku_days")} AS found
            USING (event_date, customer_id, sku_id)
    """).fetchall()
    assert row[0] > 0
    assert row[1] == 0


def test_every_event_is_in_one_session(demo: Path) -> None:
    (row,) = duckdb.sql(f"""
        SELECT sum(event_count), count(*), count(DISTINCT (event_date, session_id)) FROM {lake_table(demo, "sessions")}
    """).fetchall()
    assert row[0] == 40_000
    assert row[1] == row[2]


def test_a_second_demo_finds_all_done(demo: Path) -> None:
    printed = maidian("demo", "--events", 40_000, "--days", 10, "--seed", 5, "--out", demo).stdout
    assert "nothing new in landing" in printed
    assert "as planted: 40,000 events" in printed


def test_a_demo_never_writes_into_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    refused = maidian("demo", "--out", tmp_path, check=False)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "not a demo" in refused.stderr
