"""What one more night costs with more and more history behind it: CPU seconds of `maidian run`, table by table.

    python -m benchmarks.nightly [--events-a-day 5000] [--history 30 90 180] [--nights 1]

A made-up wholesaler's landing is taken in day by day, late events, repeats and late order statuses as they come. Once a
history stands, the next nights are measured: ingest, and the run, each in a process of its own. The aim is a run that
grows at most 1.3 times from the shortest history to the longest, with 200,000 events a day.

CPU is that of all threads. Start-up, most of it importing Great Expectations, is part of a run; it is the same every night,
so that the growth of the tables alone is printed too. Days of the week differ by a tenth and more: with `--nights 7` each
history is measured over a week.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

AIM_GROWTH = 1.3
Night = dict[str, tuple[float, int]]
"""CPU seconds and days rebuilt, by table."""


def main() -> None:
    """Let the history grow, measure the nights after each length, print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events-a-day", type=int, default=5_000)
    parser.add_argument("--history", type=int, nargs="+", default=[30, 90, 180], help="days")
    parser.add_argument("--nights", type=int, default=1, help="measured after each history, and averaged")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure_run(options.measure)))
        return
    histories = sorted(options.history)
    with tempfile.TemporaryDirectory() as folder:
        nights = grow(Path(folder), histories, options.nights, options.events_a_day)
    print_table(histories, nights, options.events_a_day)


def grow(folder: Path, histories: list[int], nights: int, events_a_day: int) -> list[Night]:
    """One lake that grows; the mean of the nights after each history."""
    days = histories[-1] + nights
    store, lake = folder / "store", folder / "lake"
    size = ["--events", str(events_a_day * days), "--days", str(days), "--no-truth"]
    run_cpu("generate", *size, "--out", str(store))
    segments = sorted((store / "landing").glob("*/*.ndjson"), key=lambda path: path.name)
    dates = sorted({path.name[:10] for path in segments})[:days]
    means, done = [], 0
    for history in histories:
        deliver(segments, lake, dates[done:history])
        run_cpu("ingest", "--lake", str(lake))
        run_cpu("run", "--lake", str(lake))
        measured = []
        for night in range(history, history + nights):
            deliver(segments, lake, [dates[night]])
            ingested = run_cpu("ingest", "--lake", str(lake))
            measured.append(measured_run(lake) | {"(ingest)": (ingested, 1)})
            print(
                f"# {history} days, night {night - history + 1}: {sum_of(measured[-1], without=('(ingest)',)):.1f} s",
                file=sys.stderr,
            )
        means.append({table: mean(night[table] for night in measured) for table in measured[0]})
        done = history + nights
    return means


def deliver(segments: list[Path], lake: Path, dates: list[str]) -> None:
    """Move the segments of these days into the lake's landing."""
    for path in segments:
        if path.name[:10] in dates:
            target = lake / "landing" / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def run_cpu(*arguments: str) -> float:
    """CPU seconds of a command and its children."""
    if arguments[0] == "ingest":
        subprocess.run([sys.executable, "-m", "maidian", "init", *arguments[1:]], stdout=subprocess.DEVNULL, check=True)
    command = [sys.executable, "-m", "maidian", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    return usage.ru_utime + usage.ru_stime


def measured_run(lake: Path) -> Night:
    """The run of a night in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.nightly", "--measure", str(lake)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return {table: (cpu, days) for table, (cpu, days) in json.loads(done.stdout).items()}


def measure_run(path: Path) -> Night:
    """Run what is dirty; CPU and days of each table."""
    from jobs.engine.audit import judge
    from jobs.engine.discovery import find_jobs
    from jobs.engine.metrics import PARTITION
    from jobs.engine.progress import Progress
    from jobs.engine.run import raise_if_refused, run
    from jobs.engine.suites import load_suite
    from schemas.lake.lake import open_lake
    from schemas.settings_file import lake_settings

    suite = load_suite("events")
    judge(suite, [{PARTITION: "2026-11-20", **dict.fromkeys(suite.metrics, 1)}])  # imports Great Expectations
    marks = [cpu_seconds()]
    night: Night = {"(start)": (marks[0], 0)}

    def note(step: Progress) -> None:
        if step.stage == "end":
            marks.append(cpu_seconds())
            night[step.table] = (marks[-1] - marks[-2], step.total)

    jobs = find_jobs(lake_settings(path))
    raise_if_refused(run(open_lake(path), jobs, None, note))
    night["(looking for dirty days after)"] = (cpu_seconds() - marks[-1], 0)
    return {**{job.table: (0.0, 0) for job in jobs}, **night}


def cpu_seconds() -> float:
    """CPU seconds of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def mean(values: Iterable[tuple[float, int]]) -> tuple[float, int]:
    """The mean of the nights; days to the nearest whole one."""
    listed = list(values)
    return sum(cpu for cpu, _ in listed) / len(listed), round(sum(days for _, days in listed) / len(listed))


def sum_of(night: Night, *, without: tuple[str, ...] = ()) -> float:
    """CPU seconds of the night's lines, but for some."""
    return sum(cpu for table, (cpu, _) in night.items() if table not in without)


def print_table(histories: list[int], nights: list[Night], events_a_day: int) -> None:
    """A line a table: CPU seconds and days rebuilt at each history, and the growth from the first to the last."""
    print(f"CPU seconds of one more night, {events_a_day:,} events a day; in brackets the days rebuilt")
    print(f"{'table':<32}" + "".join(f"{f'{history} days':>16}" for history in histories) + f"{'growth':>9}")
    for table in nights[0]:
        print_line(table, [night[table] for night in nights])
    for name, without in (("the tables", ("(start)", "(ingest)")), ("the run", ("(ingest)",)), ("the night", ())):
        print_line(name, [(sum_of(night, without=without), 0) for night in nights])
    growth = sum_of(nights[-1], without=("(ingest)",)) / sum_of(nights[0], without=("(ingest)",))
    print(f"growth of the run {growth:.2f}, aim at most {AIM_GROWTH}: {'met' if growth <= AIM_GROWTH else 'NOT MET'}")


def print_line(name: str, figures: list[tuple[float, int]]) -> None:
    """One line of the table."""
    cells = "".join(f"{f'{cpu:.2f} ({days})' if days else f'{cpu:.2f}':>16}" for cpu, days in figures)
    growth = f"{figures[-1][0] / figures[0][0]:.2f}" if figures[0][0] else ""
    print(f"{name:<32}{cells}{growth:>9}")


if __name__ == "__main__":
    main()
