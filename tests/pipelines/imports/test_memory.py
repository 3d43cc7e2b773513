"""Memory does not grow with the file: the peak of a process at one size and at four times that."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.imports.small_mappings import ORDERS, VIEWS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SMALL_BYTES = 25_000_000
LARGER_TIMES = 4
MOST_GROWTH_MIB = 40  # what allocators keep back; the file grows by 72 MiB, its rows as Python objects by far more


def peak_mib(folder: Path, file: Path, mapping: str) -> float:
    """The most memory a whole import had, of a process of its own."""
    (folder / "mapping.toml").write_text(mapping)
    command = [sys.executable, "-m", "maidian", "import", file, "--mapping", folder / "mapping.toml", "--lake", folder]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, process.returncode, usage = os.wait4(process.pid, 0)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def write_views(path: Path, size: int) -> None:
    with path.open("w") as file:
        file.write("time,visitor,product,price\n")
        for place in range(size // 75):
            file.write(f"2026-11-20T09:{place % 60:02}:00+08:00,visitor-{place:012},product-{place % 9999:012},12.50\n")


def write_orders(path: Path, size: int, *, is_shuffled: bool) -> None:
    count = size // 60
    keys = [place // 12 for place in range(count)]
    if is_shuffled:
        random.Random(1).shuffle(keys)
    with path.open("w") as file:
        file.write("order,product,pieces,price,note\n")
        for place, key in enumerate(keys):
            file.write(f"order-{key:012},product-{place % 999:012},{place % 9 + 1},12.50,nothing to say\n")


def test_rows(tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write_views(small, SMALL_BYTES)
    write_views(large, LARGER_TIMES * SMALL_BYTES)
    assert peak_mib(tmp_path, large, VIEWS) - peak_mib(tmp_path, small, VIEWS) < MOST_GROWTH_MIB


@pytest.mark.parametrize(("rows", "is_shuffled"), [("adjacent", False), ("scattered", True)])
def test_orders(tmp_path: Path, rows: str, is_shuffled: bool) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write_orders(small, SMALL_BYTES, is_shuffled=is_shuffled)
    write_orders(large, LARGER_TIMES * SMALL_BYTES, is_shuffled=is_shuffled)
    mapping = ORDERS.format(rows=rows)
    assert peak_mib(tmp_path, large, mapping) - peak_mib(tmp_path, small, mapping) < MOST_GROWTH_MIB
