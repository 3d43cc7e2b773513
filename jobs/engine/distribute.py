"""Computing days on other machines: the same pure job functions, some days of a table at a time, through Beam.

    Create(days of tables) | Reshuffle | ParDo(ComputeDays)

What a day is made of is declared: its job's inputs with their look-back. So days are independent of each other, and so are
the tables of one level. A worker reads the published snapshots that the driver names, and writes finished files and an
outcome below the lake's staging folder; it publishes nothing. The driver reads the outcomes, judges and publishes.

A worker may be killed, retried, or go on when nobody wants it any more: each attempt has a folder of its own, and an outcome
appears whole and names the files of one attempt. Equal inputs give equal bytes, so it does not matter whose.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec

from jobs.engine.catalog import Catalog
from jobs.engine.compute import StagedDay, compute_day
from jobs.engine.declaration import Job
from jobs.engine.dirty import View
from jobs.engine.metrics import measure
from jobs.engine.rebuild import Rebuild, StagedMonth
from jobs.engine.suites import load_suite
from jobs.engine.windows import Windows
from schemas.errors import MaidianError
from schemas.lake.durable import write_durably
from schemas.lake.lake import Lake
from schemas.lake.snapshots import find_snapshot

RunPipeline = Callable[[Callable[[beam.Pipeline], None]], None]
"""Runs the pipeline that the function handed over builds, and waits for its end."""

# Days side by side read nearly the same window, which is read once for all of them; fewer would read more, and more would
# leave workers without work at the end. A month of a table is eight elements.
ELEMENT_DAYS = 4


class DaysWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Some days of a table, and the snapshots to make them of: one element of the pipeline."""

    table: str
    days: list[date]
    inputs: dict[str, str | None]

    @property
    def name(self) -> str:
        """Names the outcome."""
        return f"{self.table}-{self.days[0]}"


class DayDone(msgspec.Struct, frozen=True, kw_only=True):
    """A day's finished file, and its metrics as the audit wants them."""

    day: date
    path: str
    row_count: int
    metrics: dict[str, Any]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an element. `error` is a message for people: such an error is the same however often it is tried."""

    done: list[DayDone] = []
    error: str | None = None


class ComputeDays(beam.DoFn):
    """Compute the days of an element in a worker and leave the outcome in the folder."""

    def __init__(self, lake: Lake, jobs: Mapping[str, Job], catalog: Catalog, folder: str) -> None:
        """Plain values and functions of modules, so that they travel. `folder` is the same path on every worker."""
        self.lake = lake
        self.jobs = jobs
        self.catalog = catalog
        self.folder = folder

    def process(self, element: bytes) -> Iterable[str]:
        """Write the outcome and hand on its name."""
        wanted = msgspec.json.decode(element, type=DaysWanted)
        try:
            outcome = self._compute(wanted)
        except MaidianError as error:
            outcome = Outcome(error=str(error))
        write_durably(_outcome_file(Path(self.folder), wanted), msgspec.json.encode(outcome))
        yield wanted.name

    def _compute(self, wanted: DaysWanted) -> Outcome:
        job, table = self.jobs[wanted.table], self.catalog.tables[wanted.table]
        inputs = {name: find_snapshot(self.lake, name, made) if made else None for name, made in wanted.inputs.items()}
        view = View(lake=self.lake, catalog=self.catalog, known=frozenset(), inputs=inputs, output=None)
        metrics = load_suite(table.name, self.catalog.suites).metrics
        attempt = Path(self.folder) / f"{wanted.name}-{secrets.token_hex(4)}"
        windows = Windows(job, view, wanted.days)
        done = []
        for day in wanted.days:
            staged = compute_day(job, view, day, attempt, windows)
            if staged:
                (measured,) = measure(table, {day.isoformat(): [staged.path]}, metrics)
                one = DayDone(day=day, path=str(staged.path), row_count=staged.row_count, metrics=measured)
                done.append(one)
        return Outcome(done=done)


@dataclass(frozen=True)
class Distribution:
    """Computes the next months of several rebuilds at once, on whatever `run_pipeline` runs on."""

    run_pipeline: RunPipeline

    def __call__(self, works: Sequence[Rebuild]) -> Callable[[Rebuild], StagedMonth]:
        """Compute, and return the function that tells what came of one of the rebuilds."""
        first = works[0]
        folder = first.staging / f"distributed-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        elements = {work.table.name: _elements(work) for work in works}
        jobs = {work.table.name: work.job for work in works}
        step = ComputeDays(first.view.lake, jobs, first.view.catalog, str(folder))
        encoded = [msgspec.json.encode(each) for of_table in elements.values() for each in of_table]
        if encoded:
            self.run_pipeline(lambda pipeline: _build(pipeline, encoded, step))
        return lambda work: _collect(work, folder, elements[work.table.name])


def _build(pipeline: beam.Pipeline, elements: Sequence[bytes], step: ComputeDays) -> None:
    _ = pipeline | "Plan" >> beam.Create(elements) | "Spread" >> beam.Reshuffle() | "ComputeDays" >> beam.ParDo(step)


def _elements(work: Rebuild) -> list[DaysWanted]:
    days = work.next_days()
    inputs = {name: snapshot.id if snapshot else None for name, snapshot in work.view.inputs.items()}
    return [
        DaysWanted(table=work.table.name, days=days[start : start + ELEMENT_DAYS], inputs=inputs)
        for start in range(0, len(days), ELEMENT_DAYS)
    ]


def _collect(work: Rebuild, folder: Path, elements: Sequence[DaysWanted]) -> StagedMonth:
    done: list[DayDone] = []
    for wanted in elements:
        path = _outcome_file(folder, wanted)
        try:
            outcome = msgspec.json.decode(path.read_bytes(), type=Outcome)
        except FileNotFoundError:
            raise MaidianError(
                f"the run ended well, but {path} is not there; the lake must be at the same path on every worker"
            ) from None
        if outcome.error:
            raise MaidianError(outcome.error)
        done += outcome.done
        for day in wanted.days:
            work.tell(day)
    return StagedMonth(
        [StagedDay(one.day, Path(one.path), one.row_count) for one in done], [one.metrics for one in done]
    )


def _outcome_file(folder: Path, wanted: DaysWanted) -> Path:
    return folder / f"{wanted.name}.json"
