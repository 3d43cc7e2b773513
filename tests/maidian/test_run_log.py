"""The log of commands and runs, as the table `runs`: what each command did, and how it ended."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from maidian import open_table
from maidian.command_log import log_path
from maidian.reading.views import connect
from schemas.lake.lake import Lake
from tests.maidian.commands.small_lake import event, lake_with, maidian, order


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with(tmp_path / "lake", event(1, 20), order(2, 20, "O1"))


def rows(lake: Lake, columns: str) -> list[tuple[object, ...]]:
    with connect(lake) as connection:
        return connection.execute(f"SELECT {columns} FROM runs ORDER BY started_at, step").fetchall()


def test_a_run_is_a_row_and_each_of_its_tables_is_one(lake: Lake) -> None:
    assert maidian(lake, "run", "order_lines").exit_code == 0
    assert maidian(lake, "run", "order_lines").exit_code == 0
    logged = open_table("runs", lake.path).collect()
    commands = logged.filter(step="").select("command", "outcome", "exit_code").rows()
    assert commands == [("run", "done", 0)] * 2
    lines = logged.filter(step="order_lines").select("outcome", "day_count", "row_count", "exit_code").rows()
    assert lines == [("rebuilt", 1, 1, None), ("unchanged", 0, 0, None)]
    assert (logged["ended_at"] >= logged["started_at"]).all()
    assert logged["duration_seconds"].min() >= 0  # type: ignore[operator] # of the table's floats
    assert logged.filter(step="order_lines", outcome="rebuilt")["snapshot_id"].null_count() == 0


def test_sql_and_polars_read_the_same(lake: Lake) -> None:
    maidian(lake, "gc")
    assert len(rows(lake, "*")) == open_table("runs", lake.path).collect().height == 1
    printed = maidian(
        lake,
        "sql",
        "-c",
        "SELECT command, outcome, exit_code, started_date = ended_at::DATE AS d FROM runs",
        "--format",
        "csv",
    )
    assert printed.output.splitlines()[1] == "gc,done,0,true"


def test_a_command_that_fails_says_why(lake: Lake) -> None:
    assert maidian(lake, "rollback", "sku_viewers").exit_code == 2
    assert maidian(lake, "export", "nobody").exit_code == 2
    found = rows(lake, "command, outcome, exit_code, message")
    assert [row[:3] for row in found] == [("rollback", "failed", 2), ("export", "failed", 2)]
    assert "there is no audience 'nobody'" in str(found[1][3])


def test_usage_that_click_refuses_is_logged_and_help_and_questions_are_not(lake: Lake) -> None:
    assert maidian(lake, "run", "--as-of", "yesterday").exit_code == 2
    assert maidian(lake, "run", "--help").exit_code == 0
    assert maidian(lake, "status").exit_code == 0
    assert maidian(lake, "sql", "-c", "SELECT 1").exit_code == 0
    assert rows(lake, "command, exit_code") == [("run", 2)]


def test_a_line_that_a_crash_cut_is_left_out(lake: Lake) -> None:
    maidian(lake, "gc")
    with log_path(lake.path).open("ab") as file:
        file.write(b'{"command":"ru')
    maidian(lake, "gc")
    assert rows(lake, "command") == [("gc",), ("gc",)]


def test_a_lake_that_cannot_be_written_to_goes_without(lake: Lake) -> None:
    (lake.path / "runs").write_text("in the way")
    assert maidian(lake, "gc").exit_code == 0


def test_a_saved_database_holds_the_log_as_it_was(lake: Lake, tmp_path: Path) -> None:
    maidian(lake, "gc")
    for name, options in (("views.duckdb", []), ("copy.duckdb", ["--copy"])):
        assert maidian(lake, "sql", "--save", str(tmp_path / name), *options).exit_code == 0
        with duckdb.connect(str(tmp_path / name), read_only=True) as database:
            assert database.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


def test_an_ingest_says_how_many_events_it_took_in(tmp_path: Path) -> None:
    lake, landing = tmp_path / "lake", tmp_path / "lake" / "landing" / "shop"
    maidian(lake, "init")
    landing.mkdir(parents=True)
    line = '{"event_id":"%s","event_type":"view","occurred_at":"2026-11-20T08:00:00+08:00","customer_id":"C1","sku_id":"S1"}\n'
    (landing / "a.ndjson").write_text(line % "e1" + line % "e2" + "{}\n")
    assert maidian(lake, "ingest").exit_code == 0
    logged = open_table("runs", lake).collect()
    assert logged.select("command", "row_count").rows() == [("ingest", 2)]
    assert logged["duration_seconds"][0] > 0
    assert logged["ended_at"][0] - logged["started_at"][0] < timedelta(minutes=10)
