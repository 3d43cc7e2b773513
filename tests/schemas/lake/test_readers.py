"""Readers never notice a publish: no error, no gap, no double, in Polars and in DuckDB."""

import json
import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import polars as pl

from schemas.lake.lake import create_lake
from tests.schemas.lake.small_table import put

PUBLISHES = 60
DAYS = [f"2026-11-{number:02}" for number in range(1, 11)]


def poll(lake: Path, stop: Event, results: Path) -> None:
    """Every snapshot holds each day once, all with the same number: a mix or a gap shows as another sum."""
    errors: list[str] = []
    seen: set[int] = set()
    reads = 0
    while not stop.is_set():
        pattern = str((lake / "numbers" / "current").resolve() / "**" / "*.parquet")
        try:
            polars = pl.scan_parquet(pattern, hive_partitioning=True).select("number_date", "number").collect().rows()
            sql = f"SELECT number_date::VARCHAR, number FROM read_parquet('{pattern}', hive_partitioning = true)"
            found = duckdb.sql(sql).fetchall()
        except (pl.exceptions.PolarsError, duckdb.Error, OSError) as error:
            errors.append(str(error))
            continue
        reads += 1
        numbers = {number for _, number in found}
        if sorted(day for day, _ in found) != DAYS or len(numbers) != 1 or len(polars) != len(found):
            errors.append(f"{found} in DuckDB, {polars} in Polars")
        seen |= numbers
    results.write_text(json.dumps({"errors": errors[:5], "reads": reads, "seen": len(seen)}))


def test_readers_see_one_snapshot_or_the_next_and_never_a_mix(tmp_path: Path) -> None:
    lake = create_lake(tmp_path / "lake")
    put(lake, {day: [0] for day in DAYS})
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    results = tmp_path / "results.json"
    reader = context.Process(target=poll, args=(lake.path, stop, results))
    reader.start()
    try:
        for number in range(1, PUBLISHES + 1):
            put(lake, {day: [number] for day in DAYS}, replace=DAYS)
            time.sleep(0.05)
    finally:
        stop.set()
        reader.join(60)
    seen = json.loads(results.read_text())
    assert seen["errors"] == []
    assert seen["reads"] > 5
    assert seen["seen"] > 3
