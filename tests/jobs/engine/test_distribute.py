"""Days computed by Beam: the tables are those of a run in one process, byte for byte, and what stops a run stops it alike."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import polars as pl
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from jobs.engine.declaration import Frames
from jobs.engine.discovery import find_jobs, in_levels
from jobs.engine.distribute import Distribution
from jobs.engine.history import RunRecord
from jobs.engine.rebuild import TableResult
from jobs.engine.run import run
from schemas.errors import MaidianError
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import CATALOG, DAILY, JOBS, Shop, day

EVENTS = {day(number): [(f"e{number}", "ann", f"o{number}", number + 1)] for number in range(10)}
LATE_EVENTS = [
    (f"late{number}", name, "o4", number) for number, name in enumerate(["bob", "cleo", "dan", "eve", "fay"])
]

Build = Callable[[beam.Pipeline], None]


def embedded(build: Build) -> None:
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        build(pipeline)


def embedded_twice(build: Build) -> None:
    """As when a worker that was given up for dead has done its work after all."""
    embedded(build)
    embedded(build)


def distributed(
    shop: Shop, run_pipeline: Callable[[Build], None] = embedded, part_rows: int | None = None
) -> RunRecord:
    return run(shop.lake, JOBS, catalog=CATALOG, distribute=Distribution(run_pipeline), part_rows=part_rows)


def contents(shop: Shop) -> dict[str, dict[str, str]]:
    return {
        job.table: {day: held.fingerprint for day, held in snapshot.manifest.partitions.items()}
        for job in JOBS
        if (snapshot := current_snapshot(shop.lake, job.table))
    }


def brief(result: TableResult) -> tuple[object, ...]:
    return result.table, result.outcome, result.days, result.rows, result.dirty


@pytest.mark.parametrize(("run_pipeline", "part_rows"), [(embedded, None), (embedded_twice, None), (embedded_twice, 2)])
def test_tables_and_record_are_those_of_a_run_in_one_process(
    tmp_path: Path, run_pipeline: Callable[[Build], None], part_rows: int | None
) -> None:
    here, elsewhere = Shop(tmp_path / "here"), Shop(tmp_path / "elsewhere")
    for changed in (EVENTS, {day(4): LATE_EVENTS}):  # a first run, then one with some dirty days
        for shop in (here, elsewhere):
            shop.put(changed)
        done, by_beam = here.run(), distributed(elsewhere, run_pipeline, part_rows)
        assert sorted(map(brief, by_beam.tables)) == sorted(map(brief, done.tables))
        assert contents(elsewhere) == contents(here)
    assert [each.outcome for each in distributed(elsewhere).tables] == ["unchanged"] * 3
    assert list(elsewhere.lake.path.glob("staging/run/*")) == []


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_day_of_many_rows_is_computed_in_parts_and_its_table_says_so(tmp_path: Path, where: str) -> None:
    cut, whole = Shop(tmp_path / "cut"), Shop(tmp_path / "whole")
    for shop in (cut, whole):
        shop.put({**EVENTS, day(4): LATE_EVENTS})
    whole.run()
    if where == "here":
        run(cut.lake, JOBS, catalog=CATALOG, part_rows=2)
    else:
        distributed(cut, part_rows=2)
    assert contents(cut) == contents(whole)
    assert cut.state("daily_spends")["parts"] == {"2026-11-05": 3}
    assert cut.state("late_orders")["parts"] == {}  # says that it does not divide
    parts = cut.state("weekly_spends")["parts"]
    assert isinstance(parts, dict)
    assert len(parts) == len(EVENTS) - 2  # the first two days see two rows or fewer
    cut.put({day(4): [("fewer", "ann", None, 1)]}, replace=[day(4)])
    cut.run()
    assert cut.state("daily_spends")["parts"] == {}


def test_what_a_part_finds_wrong_is_one_line_here(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put({day(4): LATE_EVENTS})
    wrong = replace(DAILY, compute=without_its_column)
    with pytest.raises(MaidianError, match="job daily_spends does not make its table: column amount is missing"):
        run(shop.lake, [wrong], catalog=CATALOG, distribute=Distribution(embedded), part_rows=2)


def test_a_refused_table_waits_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put({**EVENTS, day(2): [("c", "bob", "o2", -9)]})
    record = distributed(shop)
    assert record.outcome == "refused"
    outcomes = {result.table: result.outcome for result in record.tables}
    assert outcomes == {"daily_spends": "refused", "late_orders": "rebuilt", "weekly_spends": "skipped"}


def without_its_column(frames: Frames, _day: object) -> pl.LazyFrame:
    return frames["events"].select("customer_id")


def test_what_a_worker_finds_wrong_is_one_line_here(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put(EVENTS)
    wrong = replace(DAILY, compute=without_its_column)
    with pytest.raises(MaidianError, match="job daily_spends does not make its table: column amount is missing"):
        run(shop.lake, [wrong], catalog=CATALOG, distribute=Distribution(embedded))


def test_workers_that_see_another_folder_are_found_out(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "lake")
    shop.put(EVENTS)
    with pytest.raises(MaidianError, match="must be at the same path on every worker"):
        distributed(shop, lambda _build: None)


def test_levels_hold_every_job_once_and_none_reads_its_own_level() -> None:
    levels = in_levels(find_jobs())
    made: set[str] = set()
    everything = {job.table for job in find_jobs()}
    for level in levels:
        for job in level:
            assert {read.table for read in job.inputs} & everything <= made
        made |= {job.table for job in level}
    assert made == everything
    assert len(levels) < len(everything) / 1.5  # else little is computed side by side
