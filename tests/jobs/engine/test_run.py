"""A run over several tables: what the audit refuses, what waits for it, and what one run keeps from another."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from jobs.engine.history import read_records
from jobs.engine.progress import Progress
from jobs.engine.run import Request, raise_if_refused
from schemas.errors import MaidianError, RefusedError, UsageError
from schemas.lake.locks import LockHeldError, hold_lock
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import DAILY, JOBS, LATE, WEEKLY, Shop, day


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "lake")
    shop.put({day(1): [("a", "ann", "o1", 3)], day(2): [("b", "bob", None, 4)]})
    return shop


def test_what_the_audit_refuses_stays_what_depends_on_it_waits_and_the_rest_goes_on(shop: Shop) -> None:
    shop.run()
    before = shop.rows("daily_spends"), shop.rows("weekly_spends")
    shop.put({day(2): [("c", "bob", "o2", -9)]})
    record = shop.run()
    assert {result.table: result.outcome for result in record.tables} == {
        "daily_spends": "refused",
        "late_orders": "rebuilt",
        "weekly_spends": "skipped",
    }
    assert (shop.rows("daily_spends"), shop.rows("weekly_spends")) == before
    assert shop.rows("late_orders")[day(2)] == {"o2": -9}
    with pytest.raises(RefusedError, match=r"daily_spends, event_date 2026-11-03: amount_negative_count is 1"):
        raise_if_refused(record)
    assert record.tables[2].message == "waits for daily_spends"


def test_a_refused_day_is_tried_again_until_its_cause_is_gone(shop: Shop) -> None:
    shop.run()
    shop.put({day(2): [("c", "bob", None, -9)]})
    assert shop.run().outcome == "refused"
    assert shop.run().outcome == "refused"
    shop.put({day(2): [("b", "bob", None, 4)]}, replace=[day(2)])
    assert shop.run().outcome == "done"


def test_a_failed_warning_is_told_and_recorded_with_the_snapshot(shop: Shop) -> None:
    shop.put({day(2): [("c", "bob", "o2", -1)]})
    told: list[Progress] = []
    record = shop.run(report=told.append, jobs=[LATE])
    assert record.outcome == "done"
    [warning] = [step for step in told if step.stage == "warning"]
    assert "amount_negative_count is 1" in warning.message
    audit = shop.state("late_orders")["audit"]
    assert isinstance(audit, list)
    assert [(one["column"], one["severity"], one["success"]) for one in audit] == [
        ("row_count", "critical", True),
        ("duplicate_key_count", "critical", True),
        ("amount_negative_count", "warning", False),
    ]


def test_a_run_sees_the_events_as_they_were_when_it_began(shop: Shop) -> None:
    def ingest_meanwhile(step: Progress) -> None:
        if step.stage == "end" and step.table == "daily_spends":
            shop.put({day(3): [("late", "ann", "o1", 5)]})

    shop.run(report=ingest_meanwhile)
    assert shop.rows("late_orders") == {day(1): {"o1": 3}}
    assert shop.rebuilt()["late_orders"] == [day(1), day(3)]
    assert shop.rows("late_orders") == {day(1): {"o1": 8}}


def test_before_the_first_events_there_is_nothing_to_do(tmp_path: Path) -> None:
    record = Shop(tmp_path / "lake").run()
    assert (record.outcome, record.tables) == ("done", [])
    assert "maidian ingest" in record.message


def test_a_table_without_a_single_row_can_be_read(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put({day(1): [("a", "ann", None, 3)]})
    shop.run()
    snapshot = current_snapshot(shop.lake, "late_orders")
    assert snapshot is not None
    assert pl.read_parquet(snapshot.directory / "**" / "*.parquet", hive_partitioning=True).is_empty()


def test_days_without_events_are_said_to_be_so(shop: Shop) -> None:
    record = shop.run(Request(days=frozenset({day(40)})))
    assert record.message == "there are no events on the days asked for"


def test_an_unknown_table_is_an_error_of_usage_before_anything_is_done(shop: Shop) -> None:
    with pytest.raises(UsageError, match="no job makes a table lists"):
        shop.run(Request(tables=("lists",)))
    assert read_records(shop.lake) == []


def test_two_runs_at_once_are_refused_with_the_holder(shop: Shop) -> None:
    script = (
        "import sys, pathlib; from schemas.lake.lake import open_lake; from schemas.lake.locks import hold_lock\n"
        "lake = open_lake(pathlib.Path(sys.argv[1]))\n"
        "with hold_lock(lake.lock_path('run'), 'a run'):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(shop.lake.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockHeldError, match=rf"a run is already at work on this lake \(process {other.pid} on"):
            shop.run()
        other.kill()
        other.wait()
        assert shop.run().outcome == "done"  # the lock died with its holder


def test_a_job_that_fails_is_recorded_and_ends_the_run(shop: Shop) -> None:
    wrong = replace(DAILY, compute=lambda frames, day: DAILY.compute(frames, day).drop("amount"))
    with pytest.raises(MaidianError, match="column amount is missing"):
        shop.run(jobs=[wrong, WEEKLY])
    [record] = read_records(shop.lake)
    assert record.outcome == "failed"
    assert [(result.table, result.outcome) for result in record.tables] == [("daily_spends", "failed")]
    assert "column amount is missing" in record.message
    with hold_lock(shop.lake.lock_path("run"), "a run"):
        assert not shop.lake.staging("run").exists()


def test_the_record_says_what_was_done_to_each_table(shop: Shop) -> None:
    record = shop.run()
    daily = record.tables[0]
    snapshot = current_snapshot(shop.lake, "daily_spends")
    assert snapshot is not None
    assert (daily.table, daily.outcome, daily.days, daily.rows, daily.dirty) == ("daily_spends", "rebuilt", 2, 2, 0)
    assert daily.snapshot_id == snapshot.id
    assert read_records(shop.lake) == [record]


KILLED = """
import os, signal, sys
from pathlib import Path
from jobs.engine import rebuild
from tests.jobs.engine.small_shop import Shop
rebuild.CHUNK_DAYS = 2
left = int(sys.argv[2])
def kill(step):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
Shop(Path(sys.argv[1])).run(report=kill)
"""


# The later moments start Great Expectations in processes of their own, which takes long.
@pytest.mark.parametrize("steps", [2, pytest.param(6, marks=pytest.mark.ci), pytest.param(12, marks=pytest.mark.ci)])
def test_after_kill_9_the_next_run_finishes(tmp_path: Path, steps: int) -> None:
    shop, undisturbed = Shop(tmp_path / "lake"), Shop(tmp_path / "undisturbed")
    for one in (shop, undisturbed):
        one.put({day(n): [(f"e{n}", "ann", f"o{n // 3}", n)] for n in range(6)})
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(shop.lake.path), str(steps)], env=environment, check=False)
    assert done.returncode == -9
    assert shop.run().outcome == undisturbed.run().outcome == "done"
    for job in JOBS:
        assert shop.rows(job.table) == undisturbed.rows(job.table)
    assert not shop.lake.staging("run").exists()
