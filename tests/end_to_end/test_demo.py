"""The demo as a person runs it: the tables equal what was planted, row for row."""

from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.commands import glob_of, maidian

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "demo"
    maidian("demo", "--events", 40_000, "--days", 10, "--seed", 5, "--out", out)
    return out


def differences(demo: Path, table: str, truth: str, columns: str) -> list[tuple[object, ...]]:
    """Rows that only one of the two has, the planted ones first."""
    planted = f"SELECT {columns} FROM read_parquet('{demo / 'truth' / truth}.parquet')"
    found = f"SELECT {columns} FROM read_parquet('{glob_of(demo / 'lake', table)}', hive_partitioning = true)"
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


def test_customer_days_add_up_to_what_was_planted(demo: Path) -> None:
    columns = """event_date, customer_id, sku_id, view_count, click_count, favorite_count, unfavorite_count,
        order_line_count, quantity, CAST(amount AS DECIMAL(38, 4)) AS amount"""
    assert differences(demo, "customer_sku_days", "customer_sku_days", columns) == []


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
