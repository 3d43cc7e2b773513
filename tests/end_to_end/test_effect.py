"""From events to what a campaign brought: a list goes out, those in it order more often from then on, and that is found."""

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.commands import maidian, maidian_json

SHOP = ("--events", 30_000, "--days", 20, "--customers", 150, "--skus", 300, "--seed", 31, "--no-truth")
AS_OF = date(2026, 11, 12)
SENT = AS_OF + timedelta(1)
DAYS, PERCENT = 7, 300
NEEDED = ("customer_profiles", "order_value_groups")  # by a list, with what they are made of

AUDIENCE = """
name = "lookers"
title = { en = "Looked at something", zh = "看过商品" }
source = "customer_sku_days"
[conditions]
within_days = 12
not_ordered = "nothing"
"""


@pytest.mark.ci
@pytest.mark.timeout(900)
def test_an_effect_planted_in_the_events_is_measured_from_them(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    maidian("init", "--lake", lake)
    (lake / "audiences").mkdir()
    (lake / "audiences" / "lookers.toml").write_text(AUDIENCE, "utf-8")
    (lake / "exports.toml").write_text("same_product_days = 0\n[holdout]\npercent = 30\n", "utf-8")
    (lake / "settings.toml").write_text("mart_days = 1\n", "utf-8")

    maidian("generate", *SHOP, "--out", tmp_path / "as_it_was")
    come_in(tmp_path / "as_it_was", lake, until=AS_OF)
    maidian("run", "--lake", lake, *NEEDED)
    report = maidian_json("export", "lookers", "--lake", lake, "--on", SENT, "--out", tmp_path / "lists")
    assert report["held_out_customer_count"] > 20
    (sent,) = set((tmp_path / "lists").glob("*.csv")) - set((tmp_path / "lists").glob("*_removed.csv"))

    planted = ("--effect-list", sent, "--effect-percent", PERCENT, "--effect-from", SENT, "--effect-days", DAYS)
    maidian("generate", *SHOP, "--out", tmp_path / "moved", *planted)
    assert come_in(tmp_path / "moved", lake, until=date(2026, 11, 20)) > 0
    maidian("run", "--lake", lake, *NEEDED)
    periods = ("--days", DAYS, "--before-days", 12, "--after-days", 0)
    rows = {row["metric"]: row for row in maidian_json("effect", "lookers", "--lake", lake, *periods)["rows"]}

    with sent.open(encoding="utf-8-sig", newline="") as file:
        listed = {row["customer"] for row in csv.DictReader(file)}
    assert (
        {row["treated_customer_count"] for row in rows.values()} == {len(listed)} == {report["listed_customer_count"]}
    )
    assert {row["control_customer_count"] for row in rows.values()} == {report["held_out_customer_count"]}
    orders = rows["order_count"]
    assert orders["lift_low_ratio"] <= PERCENT / 100 <= orders["lift_high_ratio"]
    assert orders["p_value"] < 0.01
    assert orders["effect_low"] > 0
    assert orders["sample_ratio_p_value"] > 0.01
    assert (orders["treated_order_count"], str(orders["treated_net_amount"])) == counted(lake, listed)


def come_in(generated: Path, lake: Path, until: date) -> int:
    """Bring the segments up to a day to the landing and ingest them. Those that are there already must be the same."""
    new = 0
    for path in sorted((generated / "landing").rglob("*.ndjson")):
        place = lake / "landing" / path.parent.name / path.name
        if path.name[:10] > until.isoformat():
            continue
        if place.exists():
            assert place.read_bytes() == path.read_bytes()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            new += 1
    maidian("ingest", "--lake", lake)
    return new


def counted(lake: Path, customers: set[str]) -> tuple[int, str]:
    """Orders and net sales of these companies in the campaign's days, from the files."""
    files = (lake / "order_lines" / "current").resolve() / "*" / "*.parquet"
    sql = """SELECT count(DISTINCT order_id) FILTER (is_sale), sum(net_sales_amount)
        FROM read_parquet(?, hive_partitioning = true)
        WHERE customer_id IN (SELECT unnest(?)) AND event_date BETWEEN ? AND ?"""
    last = SENT + timedelta(DAYS - 1)
    with duckdb.connect() as connection:
        ((orders, amount),) = connection.execute(sql, [str(files), sorted(customers), SENT, last]).fetchall()
    return orders, str(amount)
