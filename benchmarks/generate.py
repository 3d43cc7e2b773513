"""Events a second of `maidian generate`, the whole process from start to end, on one core.

    python -m benchmarks.generate [--events 2000000]

Both figures are printed: by CPU seconds (user and system; what a busy machine hardly changes) and by the clock, which
has the waiting for fsync in it. The aim is 100,000 events/s.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIM_EVENTS_A_SECOND = 100_000


def measure(events: int, *options: str) -> str:
    """Run the command once and say how fast and how large it was."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "maidian", "generate", "--events", str(events), "--out", str(out), *options]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        # One core, as the aim says, whatever threads the libraries would like to start.
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        _, status, usage = os.wait4(process.pid, 0)
        by_clock = events / (time.monotonic() - started)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    by_cpu = events / (usage.ru_utime + usage.ru_stime)
    return f"{by_cpu:,.0f} events/s of CPU, {by_clock:,.0f} by the clock, {usage.ru_maxrss / 1024:,.0f} MB at most"


def main() -> None:
    """Measure with the truth beside the events, and without."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    events = parser.parse_args().events
    print(f"{events:,} events, aim {AIM_EVENTS_A_SECOND:,} events/s a core")
    print(f"with the truth:    {measure(events)}")
    print(f"without the truth: {measure(events, '--no-truth')}")


if __name__ == "__main__":
    main()
