"""What the machine does to a run: a full disk and a read-only one. Both are real file systems in memory."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from jobs.engine.history import read_records
from jobs.engine.status import table_statuses
from maidian.failures import explain_failure
from schemas.lake.snapshots import current_snapshot
from tests.jobs.engine.small_shop import CATALOG, DAILY, JOBS, Shop, day

SIZE_MIB = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def shop(disk: Path) -> Shop:
    shop = Shop(disk / "lake")
    shop.put({day(1): [(f"e{number}", os.urandom(16).hex(), None, number) for number in range(50_000)]})
    return shop


def test_a_disk_that_fills_up_is_one_line_and_the_tables_stand(shop: Shop, disk: Path) -> None:
    shop.run()
    before = shop.rows("daily_spends")
    shop.put({day(1): [(f"f{number}", os.urandom(16).hex(), None, number) for number in range(50_000)]})
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(free - 500_000))
    with pytest.raises((OSError, pl.exceptions.PolarsError)) as raised:
        shop.run()
    failure = explain_failure(raised.value, shop.lake.path)
    assert failure.exit_code == 1
    assert failure.message.endswith("no space left on the disk; free some and run the same command again")
    assert shop.rows("daily_spends") == before
    assert not shop.lake.staging("run").exists()
    filler.unlink()
    assert shop.run().outcome == "done"
    assert len(shop.rows("daily_spends")[day(1)]) == 100_000
    assert read_records(shop.lake)[-1].outcome == "done"


def test_a_read_only_lake_can_be_looked_at_and_refuses_a_run_with_one_line(shop: Shop, disk: Path) -> None:
    shop.run()
    shop.put({day(2): [("late", "ann", None, 1)]})
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    statuses = {status.table: status for status in table_statuses(shop.lake, JOBS, catalog=CATALOG)}
    assert statuses["daily_spends"].dirty_day_count == 1
    snapshot = current_snapshot(shop.lake, "daily_spends")
    assert snapshot is not None
    assert pl.read_parquet(snapshot.files(), hive_partitioning=True).height == 50_000
    with pytest.raises(OSError, match="Read-only file system") as raised:
        shop.run(jobs=[DAILY])
    message = explain_failure(raised.value, shop.lake.path).message
    assert message.startswith(str(shop.lake.path))
    assert "the file system is read-only" in message
