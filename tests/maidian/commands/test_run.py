"""`maidian run` and `maidian backfill`: what they print, where, and how they end."""

import json
from pathlib import Path

import pytest

from jobs.engine.discovery import find_jobs
from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from tests.maidian.commands.small_lake import add_events, event, lake_with, maidian, order

JOBS = [job.table for job in find_jobs()]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with(tmp_path / "lake", event(1, 1), order(2, 1, "o1"), event(3, 2))


def test_a_run_makes_every_table_and_a_second_one_nothing(lake: Lake) -> None:
    first = maidian(lake, "run")
    assert first.exit_code == 0
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["table", *JOBS]
    assert "order_lines: 2 days to rebuild" in first.stderr
    second = maidian(lake, "run")
    assert (second.exit_code, second.stdout, second.stderr) == (0, "every table is up to date\n", "")


def test_json_is_one_document_on_stdout_and_nothing_else(lake: Lake) -> None:
    done = maidian(lake, "run", "--json")
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert document["outcome"] == "done"
    assert [table["table"] for table in document["tables"]] == JOBS
    assert {table["outcome"] for table in document["tables"]} == {"rebuilt"}
    assert document["tables"][-1]["days"] == 1


def test_data_refused_by_the_audit_ends_with_code_3_and_one_line(lake: Lake) -> None:
    maidian(lake, "run")
    before = current_snapshot(lake, "order_events")
    add_events(lake, order(4, 3, None))  # an order without a number cannot come from ingest
    done = maidian(lake, "run", "--json")
    assert done.exit_code == 3
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: the audit refused table order_events, event_date 2026-11-03: order_id_null_")
    document = json.loads(done.stdout)
    assert document["outcome"] == "refused"
    outcomes = {table["table"]: table["outcome"] for table in document["tables"]}
    stale = {"order_events"}
    for job in find_jobs():
        stale |= {job.table} if any(read.table in stale for read in job.inputs) else set()
    assert outcomes.pop("order_events") == "refused"
    assert {table for table, outcome in outcomes.items() if outcome == "skipped"} == stale - {"order_events"}
    assert "order_lines" in stale
    assert outcomes["search_clicks"] == "rebuilt"
    assert current_snapshot(lake, "order_events") == before
    shown = maidian(lake, "run")
    assert ["order_events", "refused"] in [line.split()[:2] for line in shown.stdout.splitlines()]


def test_one_table_as_of_one_day_rebuilds_that_day_and_what_it_needs(lake: Lake) -> None:
    document = json.loads(maidian(lake, "run", "sku_viewers", "--as-of", "2026-11-02", "--json").stdout)
    days = {table["table"]: table["days"] for table in document["tables"]}
    assert days.pop("sku_viewers") == 1
    assert {"order_events", "order_lines", "customer_sku_days"} <= set(days)
    assert set(days.values()) == {2}
    snapshot = current_snapshot(lake, "sku_viewers")
    assert snapshot is not None
    assert list(snapshot.manifest.partitions) == ["2026-11-02"]


def test_a_day_without_events_is_said_to_be_one(lake: Lake) -> None:
    maidian(lake, "run")
    done = maidian(lake, "run", "sku_viewers", "--as-of", "2026-12-24")
    assert done.exit_code == 0
    assert done.stdout == "there are no events on the days asked for\nevery table is up to date\n"


def test_a_lake_without_events_says_what_to_do(tmp_path: Path) -> None:
    maidian(tmp_path / "lake", "init")
    done = maidian(tmp_path / "lake", "run")
    assert (done.exit_code, done.stdout) == (0, "there are no events yet; bring some in with `maidian ingest`\n")


def test_a_backfill_rebuilds_its_days_and_no_others(lake: Lake) -> None:
    maidian(lake, "run")
    arguments = ("--from", "2026-11-02", "--to", "2026-11-09", "--json", "customer_sku_days")
    document = json.loads(maidian(lake, "backfill", *arguments).stdout)
    assert document["command"] == "backfill"
    days = {table["table"]: table["days"] for table in document["tables"]}
    assert days.pop("customer_sku_days") == 1
    assert set(days.values()) == {0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "carts"), "error: no job makes a table carts; there are: "),
        (("run", "--as-of", "tomorrow"), "'tomorrow' does not match"),
        (("backfill", "--from", "2026-11-09", "--to", "2026-11-02"), "error: --from 2026-11-09 is after --to 2026-11"),
        (("backfill", "--from", "2026-11-09"), "Missing option '--to'"),
    ],
)
def test_wrong_usage_ends_with_code_2(lake: Lake, arguments: tuple[str, ...], message: str) -> None:
    done = maidian(lake, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_without_a_lake_there_is_one_line_and_code_2(tmp_path: Path) -> None:
    for command in (("run",), ("status",), ("gc",), ("backfill", "--from", "2026-11-09", "--to", "2026-11-09")):
        done = maidian(tmp_path / "nowhere", *command)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"error: no lake at {tmp_path / 'nowhere'}; make one with `maidian init")
    assert not (tmp_path / "nowhere").exists()
