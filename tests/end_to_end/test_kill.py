"""kill -9 at random moments of ingest and run: nothing is lost, nothing is there twice, and readers never notice."""

import json
import multiprocessing
import random
import shutil
import signal
import subprocess
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.end_to_end.commands import command_line, environment, glob_of, maidian

TABLES = (
    "events",
    "rejects",
    "session_events",
    "sessions",
    "order_events",
    "search_clicks",
    "order_lines",
    "customer_sku_days",
    "sku_viewers",
)
KEYS = {"events": "event_id", "session_events": "event_id", "order_lines": "(order_id, line_number)"}


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Segments of one source in the order of time, small enough that a round is over soon."""
    out = tmp_path_factory.mktemp("generated")
    maidian("generate", "--events", 30_000, "--days", 6, "--seed", 11, "--out", out)
    folder = out / "one_source"
    folder.mkdir()
    for number, path in enumerate(sorted((out / "landing").rglob("*.ndjson"), key=lambda path: path.name)):
        shutil.copy2(path, folder / f"{number:04d}.ndjson")
    return sorted(folder.iterdir())


@pytest.mark.ci
@pytest.mark.timeout(900)
def test_kills_at_6_moments_leave_no_trace(segments: list[Path], tmp_path: Path) -> None:
    check_kills(segments, tmp_path, rounds=6, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_kills_at_60_moments_leave_no_trace(segments: list[Path], tmp_path: Path) -> None:
    check_kills(segments, tmp_path, rounds=60, seed=2)


def check_kills(segments: list[Path], tmp_path: Path, rounds: int, seed: int) -> None:
    """Odd rounds kill ingest, even ones run; each round new segments have arrived."""
    chosen = random.Random(seed)
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    for lake in (undisturbed, disturbed):
        maidian("init", "--lake", lake)
        (lake / "landing" / "web").mkdir(parents=True)
    durations = measure(undisturbed, segments)

    stop = multiprocessing.get_context("spawn").Event()
    results = tmp_path / "readers.json"
    reader = multiprocessing.get_context("spawn").Process(target=poll, args=(disturbed, stop, results))
    reader.start()
    try:
        per_round = max(1, -(-len(segments) // rounds))
        for number in range(rounds):
            arrive(segments[number * per_round : (number + 1) * per_round], disturbed)
            command = ("ingest", "run")[number % 2]
            kill_during(command, disturbed, chosen.uniform(0.2, 1.0) * durations[command])
        arrive(segments, disturbed)
        maidian("ingest", "--lake", disturbed)
        maidian("run", "--lake", disturbed)
    finally:
        stop.set()
        reader.join(60)
    seen = json.loads(results.read_text())
    assert seen["errors"] == []
    assert seen["reads"] > 0
    for table in TABLES:
        assert_equal_tables(undisturbed, disturbed, table)
    assert not list((disturbed / "ingest" / "ranges").iterdir())


def arrive(segments: list[Path], lake: Path) -> None:
    for segment in segments:
        shutil.copy2(segment, lake / "landing" / "web" / segment.name)


def measure(lake: Path, segments: list[Path]) -> dict[str, float]:
    """Run undisturbed, and say how long each command took."""
    arrive(segments, lake)
    durations = {}
    for command in ("ingest", "run"):
        start = time.monotonic()
        maidian(command, "--lake", lake)
        durations[command] = time.monotonic() - start
    return durations


def kill_during(command: str, lake: Path, seconds: float) -> None:
    process = subprocess.Popen(
        command_line(command, "--lake", lake),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def poll(lake: Path, stop: Event, results: Path) -> None:
    """Read the tables over and over as an analyst would; note every error, gap and double."""
    errors: list[str] = []
    reads = 0
    counts: dict[str, int] = {}
    while not stop.is_set():
        for table in TABLES:
            if not (lake / table / "current").is_symlink():
                continue
            pattern = glob_of(lake, table)
            promised = promised_rows(lake, pattern)
            try:
                by_polars = pl.scan_parquet(pattern, hive_partitioning=True).select(pl.len()).collect().item()
                key = KEYS.get(table)
                distinct = f", count(DISTINCT {key})" if key else ", count(*)"
                (row,) = duckdb.sql(
                    f"SELECT count(*){distinct} FROM read_parquet('{pattern}', hive_partitioning = true)"
                ).fetchall()
            except (pl.exceptions.PolarsError, duckdb.Error, OSError) as error:
                errors.append(f"{table}: {error}")
                continue
            reads += 1
            if row[0] != row[1]:
                errors.append(f"{table}: {row[0]} rows, {row[1]} distinct")
            if not row[0] == by_polars == promised:
                errors.append(f"{table}: {row[0]} rows in DuckDB, {by_polars} in Polars, {promised} in the manifest")
            if table in ("events", "rejects") and by_polars < counts.get(table, 0):
                errors.append(f"{table}: {by_polars} rows after {counts[table]}")
            counts[table] = by_polars
        time.sleep(0.05)
    results.write_text(json.dumps({"errors": errors[:20], "reads": reads}))


def promised_rows(lake: Path, pattern: str) -> int:
    snapshot = Path(pattern).parent.parent
    manifest = json.loads(snapshot.with_name(f"{snapshot.name}.json").read_bytes())
    return sum(file["row_count"] for partition in manifest["partitions"].values() for file in partition["files"])


def assert_equal_tables(expected: Path, actual: Path, table: str) -> None:
    left, right = (glob_of(lake, table) for lake in (expected, actual))
    difference = duckdb.sql(f"""
        (SELECT * FROM read_parquet('{left}', hive_partitioning = true)
         EXCEPT ALL SELECT * FROM read_parquet('{right}', hive_partitioning = true))
        UNION ALL
        (SELECT * FROM read_parquet('{right}', hive_partitioning = true)
         EXCEPT ALL SELECT * FROM read_parquet('{left}', hive_partitioning = true))
    """)
    assert difference.fetchall() == [], f"{table} differs"
