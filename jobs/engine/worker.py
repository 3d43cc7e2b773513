"""What a worker does of a distributed run: an element of the pipeline, and what it leaves behind."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec

from jobs.engine.catalog import Catalog
from jobs.engine.compute import StagedDay, compute_day, compute_part
from jobs.engine.declaration import Job
from jobs.engine.dirty import View
from jobs.engine.division import Part
from jobs.engine.metrics import measure
from jobs.engine.parts import merge_parts
from jobs.engine.suites import load_suite
from jobs.engine.windows import Windows
from schemas.errors import MaidianError
from schemas.lake.durable import write_durably
from schemas.lake.lake import Lake
from schemas.lake.snapshots import find_snapshot

PART_SUFFIX = ".part.parquet"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Some days of a table, or a part of one, and the snapshots to make them of: one element of the pipeline."""

    table: str
    days: list[date]
    inputs: dict[str, str | None]
    part: Part | None = None

    @property
    def days_name(self) -> str:
        """Names the outcome that the driver reads."""
        return f"{self.table}-{self.days[0]}"

    @property
    def name(self) -> str:
        """Names this element's own outcome."""
        return f"{self.days_name}-part-{self.part.number}" if self.part else self.days_name


class DayDone(msgspec.Struct, frozen=True, kw_only=True):
    """A day's finished file, and its metrics as the audit wants them."""

    day: date
    path: str
    row_count: int
    part_count: int
    metrics: dict[str, Any]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an element: finished days, or the file of a part.

    `error` is a message for people: such an error is the same however often it is tried.
    """

    done: list[DayDone] = []
    part: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Work:
    """What a step needs to know in a worker: plain values and functions of modules, so that they travel.

    `folder` is the same path on every worker.
    """

    lake: Lake
    jobs: Mapping[str, Job]
    catalog: Catalog
    folder: str

    def view(self, wanted: Wanted) -> View:
        """The inputs that the driver named."""
        inputs = {name: find_snapshot(self.lake, name, made) if made else None for name, made in wanted.inputs.items()}
        return View(lake=self.lake, catalog=self.catalog, known=frozenset(), inputs=inputs, output=None)

    def attempt(self, name: str) -> Path:
        """A folder of this attempt's own, so that two at the same work do not meet."""
        return Path(self.folder) / f"{name}-{secrets.token_hex(4)}"

    def done(self, staged: StagedDay, table: str) -> DayDone:
        """The day with its metrics."""
        declared = self.catalog.tables[table]
        metrics = load_suite(table, self.catalog.suites).metrics
        (measured,) = measure(declared, {staged.day.isoformat(): [staged.path]}, metrics)
        return DayDone(
            day=staged.day,
            path=str(staged.path),
            row_count=staged.row_count,
            part_count=staged.part_count,
            metrics=measured,
        )

    def leave(self, name: str, make: Callable[[], Outcome]) -> None:
        """Write down what came of the work, whole or not at all."""
        try:
            outcome = make()
        except MaidianError as error:
            outcome = Outcome(error=str(error))
        write_durably(outcome_file(self.folder, name), msgspec.json.encode(outcome))


class Compute(beam.DoFn):
    """Compute the days of an element, or its part of one, and leave the outcome in the folder; hand parts on."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def process(self, element: bytes) -> Iterable[tuple[str, bytes]]:
        """A part by the name of its day."""
        wanted = msgspec.json.decode(element, type=Wanted)
        self.work.leave(wanted.name, lambda: self._part(wanted, wanted.part) if wanted.part else self._days(wanted))
        if wanted.part:
            yield wanted.days_name, element

    def _days(self, wanted: Wanted) -> Outcome:
        job, view = self.work.jobs[wanted.table], self.work.view(wanted)
        windows, attempt = Windows(job, view, wanted.days), self.work.attempt(wanted.name)
        staged = [compute_day(job, view, day, attempt, windows) for day in wanted.days]
        return Outcome(done=[self.work.done(one, wanted.table) for one in staged if one])

    def _part(self, wanted: Wanted, part: Part) -> Outcome:
        path = self.work.attempt(wanted.name).with_suffix(PART_SUFFIX)
        compute_part(self.work.jobs[wanted.table], self.work.view(wanted), wanted.days[0], part, path)
        return Outcome(part=str(path))


class Merge(beam.DoFn):
    """Put the parts of a day together, and leave its outcome in the folder."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def process(self, element: tuple[str, Iterable[bytes]]) -> None:
        """All parts of one day, in any order."""
        name, encoded = element
        parts = {each.name: each for each in (msgspec.json.decode(one, type=Wanted) for one in encoded)}
        self.work.leave(name, lambda: self._merged(name, list(parts.values())))

    def _merged(self, name: str, parts: Sequence[Wanted]) -> Outcome:
        in_order = sorted(parts, key=lambda each: each.part.number if each.part else 0)
        outcomes = [read_outcome(self.work.folder, each.name) for each in in_order]
        if error := next((outcome.error for outcome in outcomes if outcome.error), None):
            return Outcome(error=error)
        paths = [Path(outcome.part) for outcome in outcomes if outcome.part]
        first = parts[0]
        if first.part is None or len(paths) != first.part.count:
            raise MaidianError(f"{name} has {len(paths)} of its parts; run again")
        job, view = self.work.jobs[first.table], self.work.view(first)
        staged = merge_parts(job, view, first.days[0], paths, self.work.attempt(name))
        return Outcome(done=[self.work.done(staged, first.table)] if staged else [])


def read_outcome(folder: str | Path, name: str) -> Outcome:
    """What came of an element. MaidianError when it is not there."""
    path = outcome_file(folder, name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except FileNotFoundError:
        raise MaidianError(
            f"the run ended well, but {path} is not there; the lake must be at the same path on every worker"
        ) from None


def outcome_file(folder: str | Path, name: str) -> Path:
    """Where the outcome of that name is left."""
    return Path(folder) / f"{name}.json"
