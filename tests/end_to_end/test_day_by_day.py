"""Days taken in one at a time, some of them late and out of order, leave the tables a full rebuild makes, row for row.

The days one at a time are computed in memory, as small ones are, the full rebuild as streams, as large ones are.
"""

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from jobs.engine import windows
from jobs.engine.audit import audit_partitions
from jobs.engine.discovery import find_jobs
from jobs.engine.run import raise_if_refused, run
from pipelines.ingest.ingest import IngestJob, ingest
from schemas.lake.lake import Lake, create_lake
from schemas.settings import DEFAULTS, Settings
from schemas.tables import declared_tables
from tests.end_to_end.commands import glob_of, maidian

# Of the segments, so many come late, by up to so many days: what a day was built of is then no longer all of it.
LATE_RATIO, LATE_DAYS = 0.3, 9


@pytest.mark.ci
@pytest.mark.timeout(900)
def test_5_days_one_at_a_time_equal_a_full_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(tmp_path, monkeypatch, days=5, events=5_000, seed=21, settings=Settings(mart_days=3))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_30_days_one_at_a_time_equal_a_full_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mart keeps all its days here, so that late events have them all rebuilt."""
    check(tmp_path, monkeypatch, days=30, events=60_000, seed=22, settings=Settings(mart_days=30))


def check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, days: int, events: int, seed: int, settings: Settings = DEFAULTS
) -> None:
    maidian("generate", "--events", events, "--days", days, "--seed", seed, "--out", folder / "generated")
    segments = sorted((folder / "generated" / "landing").rglob("*.ndjson"))
    slow, at_once = create_lake(folder / "slow"), create_lake(folder / "at_once")
    for arriving in in_days(segments, random.Random(seed)):
        take_in(slow, arriving, settings)
    monkeypatch.setattr(windows, "IN_MEMORY_ROWS", 0)
    take_in(at_once, segments, settings)
    built = [name for name in declared_tables() if (at_once.path / name / "current").exists()]
    assert {"session_events", "sessions", "order_lines", "customer_sku_days"} <= set(built)
    assert {name: differences(slow, at_once, name) for name in built} == {name: [] for name in built}


def in_days(segments: list[Path], chosen: random.Random) -> list[list[Path]]:
    """The segments by the day they arrive on: their own, or days later."""
    own_days = sorted({path.name[:10] for path in segments})
    arrivals: list[list[Path]] = [[] for _ in own_days]
    for path in segments:
        delay = chosen.randint(1, LATE_DAYS) if chosen.random() < LATE_RATIO else 0
        arrivals[min(own_days.index(path.name[:10]) + delay, len(own_days) - 1)].append(path)
    for arriving in arrivals:
        chosen.shuffle(arriving)
    return [arriving for arriving in arrivals if arriving]


def take_in(lake: Lake, segments: list[Path], settings: Settings) -> None:
    """One night: the segments come in, every dirty day is rebuilt."""
    for path in segments:
        folder = lake.landing / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / path.name)
    ingest(IngestJob(lake, lake.landing, audit_partitions))
    record = run(lake, find_jobs(settings), None, lambda _: None)
    raise_if_refused(record)
    assert record.outcome == "done"


def differences(one: Lake, other: Lake, table: str) -> list[tuple[object, ...]]:
    """Rows that only one of the two has.

    Of an event that two sources sent, the one that came first gives the landing_source: that alone may differ.
    """
    columns = ", ".join(name for name in declared_tables()[table].schema.names if name != "landing_source")
    left, right = (
        f"SELECT {columns} FROM read_parquet('{glob_of(lake.path, table)}', hive_partitioning = true)"
        for lake in (one, other)
    )
    return duckdb.sql(f"""
        (SELECT 'day by day', * FROM ({left} EXCEPT ALL {right}) LIMIT 2)
        UNION ALL (SELECT 'at once', * FROM ({right} EXCEPT ALL {left}) LIMIT 2)
    """).fetchall()
