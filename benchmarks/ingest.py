"""The whole ingest, from landing to published tables: events/s a core and peak memory. `--events 10000000` for the aim.

    python -m benchmarks.ingest [--events 1000000] [--workers 1]

CPU and memory are the operating system's own accounting of the finished `maidian ingest` process and its children.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measured(arguments: list[str]) -> tuple[float, float, float]:
    """Run `maidian` and return wall seconds, CPU seconds and the peak memory of its largest process in MB."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "maidian", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"maidian {' '.join(arguments)} failed with status {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Generate, ingest, print one table."""
    parser = argparse.ArgumentParser(description="The whole ingest: events/s a core and peak memory.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out, lake = Path(folder, "out"), Path(folder, "lake")
        size = ["--events", str(options.events), "--days", str(options.days), "--seed", "1"]
        rows = [("generate", measured(["generate", *size, "--no-truth", "--out", str(out)]))]
        landing = ["--lake", str(lake), "--landing", str(out / "landing")]
        rows.append(("ingest", measured(["ingest", *landing, "--workers", str(options.workers)])))
        rows.append(("ingest of nothing new", measured(["ingest", *landing])))
        rows.append(("run", measured(["run", "--lake", str(lake)])))
        byte_count = sum(path.stat().st_size for path in (out / "landing").rglob("*.ndjson"))
    print(f"{options.events:,} events, {byte_count / options.events:.0f} bytes each, {options.days} days")
    print(f"{'':24}{'wall s':>9}{'CPU s':>9}{'events/s a core':>18}{'peak MB':>9}")
    for name, (wall, cpu, peak) in rows:
        print(f"{name:24}{wall:9.1f}{cpu:9.1f}{options.events / cpu:18,.0f}{peak:9.0f}")


if __name__ == "__main__":
    main()
