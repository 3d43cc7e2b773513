"""Computing days on other machines: the same pure job functions, some days of a table or a part of one, through Beam.

    Create(days and parts) | Reshuffle | ParDo(Compute)                               when no day is cut
    Create(days and parts) | Reshuffle | ParDo(Compute) | GroupByKey | ParDo(Merge)   when some are: parts to their day

What a day is made of is declared: its job's inputs with their look-back. So days are independent of each other, and so are
the tables of one level, and the parts of a day where the job divides. A worker reads the published snapshots that the driver
names, and writes finished files and an outcome below the lake's staging folder; it publishes nothing. The driver reads the
outcomes, judges and publishes.

A worker may be killed, retried, or go on when nobody wants it any more: each attempt has a folder of its own, and an outcome
appears whole and names the files of one attempt. Equal inputs give equal bytes, so it does not matter whose.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import msgspec

from jobs.engine.compute import StagedDay
from jobs.engine.parts import plan_parts
from jobs.engine.rebuild import Rebuild, StagedMonth
from jobs.engine.worker import PART_SUFFIX, Compute, DayDone, Merge, Wanted, Work, read_outcome
from schemas.errors import MaidianError

RunPipeline = Callable[[Callable[[beam.Pipeline], None]], None]
"""Runs the pipeline that the function handed over builds, and waits for its end."""

# Days side by side read nearly the same window, which is read once for all of them; fewer would read more, and more would
# leave workers without work at the end. A month of a table is eight elements.
ELEMENT_DAYS = 4


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
        step = Work(first.view.lake, jobs, first.view.catalog, str(folder))
        wanted = [each for of_table in elements.values() for each in of_table]
        if wanted:
            self.run_pipeline(lambda pipeline: _build(pipeline, wanted, step))
        for path in folder.glob(f"*{PART_SUFFIX}"):  # nobody reads them any more, and a run goes on for long
            path.unlink()
        return lambda work: _collect(work, folder, elements[work.table.name])


def _build(pipeline: beam.Pipeline, wanted: Sequence[Wanted], work: Work) -> None:
    elements = [msgspec.json.encode(each) for each in wanted]
    computed = (
        pipeline
        | "Plan" >> beam.Create(elements)
        | "Spread" >> beam.Reshuffle()
        | "Compute" >> beam.ParDo(Compute(work)).with_output_types(tuple[str, bytes])
    )
    if any(each.part for each in wanted):
        _ = computed | "Parts of a day" >> beam.GroupByKey() | "Merge" >> beam.ParDo(Merge(work))


def _elements(work: Rebuild) -> list[Wanted]:
    """The days in parts where they are cut; the others some at a time."""
    days = work.next_days()
    inputs = {name: snapshot.id if snapshot else None for name, snapshot in work.view.inputs.items()}
    parts = {day: plan_parts(work.job, work.view, day, work.part_rows) for day in days}
    whole = [day for day in days if not parts[day]]
    return [
        *(
            Wanted(table=work.table.name, days=[day], inputs=inputs, part=part)
            for day, of_day in parts.items()
            for part in of_day
        ),
        *(
            Wanted(table=work.table.name, days=whole[start : start + ELEMENT_DAYS], inputs=inputs)
            for start in range(0, len(whole), ELEMENT_DAYS)
        ),
    ]


def _collect(work: Rebuild, folder: Path, elements: Sequence[Wanted]) -> StagedMonth:
    done: list[DayDone] = []
    days = {wanted.days_name: wanted.days for wanted in elements}
    for name, of_element in days.items():
        outcome = read_outcome(folder, name)
        if outcome.error:
            raise MaidianError(outcome.error)
        done += outcome.done
        for day in of_element:
            work.tell(day)
    return StagedMonth(
        [StagedDay(one.day, Path(one.path), one.row_count, one.part_count) for one in done],
        [one.metrics for one in done],
    )
