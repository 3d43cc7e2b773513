"""A run: every job in order, each seeing what the jobs before it have just published.

Here they are computed one after the other. On other machines (`distribute`) the jobs of one level, which do not read each
other's tables, are computed together; planning, audit and publishing stay here.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from jobs.engine.catalog import Catalog, declared_catalog
from jobs.engine.declaration import Job
from jobs.engine.dirty import CALENDAR_TABLE, days_read, look_at
from jobs.engine.discovery import in_levels, order_jobs, with_upstream
from jobs.engine.history import RunRecord, append_record
from jobs.engine.progress import Report, be_silent
from jobs.engine.rebuild import Rebuild, StagedMonth, TableResult, plan_rebuild
from jobs.engine.state import days_of
from schemas.errors import RefusedError
from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock
from schemas.lake.snapshots import Snapshot, current_snapshot

Result = TypeVar("Result")

Distribute = Callable[[Sequence[Rebuild]], Callable[[Rebuild], StagedMonth]]
"""Computes the next month of each rebuild elsewhere; the answer tells what came of one of them."""


@dataclass(frozen=True)
class Request:
    """What to run: tables (none named: all) and, where given, only these days of them; `is_forced`: clean days too.

    Tables that those depend on are brought up to date first, for the days they are read on.
    """

    tables: tuple[str, ...] = ()
    days: frozenset[date] | None = None
    is_forced: bool = False
    command: str = "run"

    def asks_for(self, table: str) -> bool:
        """Whether the table itself was asked for, and not only what it is needed for."""
        return not self.tables or table in self.tables


def run(
    lake: Lake,
    jobs: Sequence[Job],
    request: Request | None = None,
    report: Report = be_silent,
    catalog: Catalog | None = None,
    distribute: Distribute | None = None,
    part_rows: int | None = None,
) -> RunRecord:
    """Rebuild what is dirty, and return what was done to each table. `distribute`: not in this process.

    `part_rows`: a day that reads more rows than these is computed in parts, where its job divides.

    A table that the audit refuses keeps its old snapshot, those that depend on it are skipped, the others go on: the
    record's outcome is then `refused` and `raise_if_refused` turns it into the error. Raises `MaidianError` when
    another run is at work or the machine fails.
    """
    request = request or Request()
    catalog = catalog or declared_catalog()
    due = with_upstream(order_jobs(jobs, catalog.tables), request.tables)
    with hold_lock(lake.lock_path("run"), "a run"):
        record = RunRecord(command=request.command, started_at=_now())
        try:
            with _scratch(lake, "run") as staging:
                _Run(lake, catalog, request, due, report, staging, record, distribute, part_rows).go()
        except BaseException as error:
            record.outcome, record.message = "failed", _first_line(error)
            record.ended_at = _now()
            with suppress(OSError):  # the disk may be full; the error itself matters more than its record
                append_record(lake, record)
            raise
        record.ended_at = _now()
        append_record(lake, record)
        return record


def raise_if_refused(record: RunRecord) -> None:
    """Raise `RefusedError` for a run in which the audit refused a table."""
    if record.outcome == "refused":
        raise RefusedError(record.message)


def wanted_days(due: Sequence[Job], request: Request) -> dict[str, frozenset[date] | None]:
    """For each table the days that matter to the request: those asked for, and those they are made of. None: all."""
    if request.days is None:
        return dict.fromkeys(job.table for job in due)
    wanted = {job.table: set(request.days) if request.asks_for(job.table) else set() for job in due}
    for job in reversed(due):
        for read in job.inputs:
            if read.table in wanted:
                wanted[read.table] |= days_read(read, wanted[job.table])
    return {table: frozenset(days) for table, days in wanted.items()}


@dataclass
class _Run:
    """One run under way."""

    lake: Lake
    catalog: Catalog
    request: Request
    due: Sequence[Job]
    report: Report
    staging: Path
    record: RunRecord
    distribute: Distribute | None = None
    part_rows: int | None = None
    sources: dict[str, Snapshot | None] = field(default_factory=dict)

    def go(self) -> None:
        """Bring the tables of the jobs up to date, in order."""
        calendar = self._resolve(CALENDAR_TABLE)
        if calendar is None:
            self.record.message = "there are no events yet; bring some in with `maidian ingest`"
            return
        if self.request.days is not None and not self.request.days & days_of(calendar):
            self.record.message = "there are no events on the days asked for"
        wanted = wanted_days(self.due, self.request)
        for level in in_levels(self.due) if self.distribute else [[job] for job in self.due]:
            self._bring_up_to_date(level, wanted)
        refused = [result.message for result in self.record.tables if result.outcome == "refused"]
        if refused:
            self.record.outcome = "refused"
            self.record.message = refused[0] + "".join(f"; {other}" for other in refused[1:])

    def _bring_up_to_date(self, level: Sequence[Job], wanted: Mapping[str, frozenset[date] | None]) -> None:
        """Jobs that do not read each other's tables. One that is refused leaves the others alone."""
        works = [work for job in level if (work := self._attempt(job, partial(self._plan, job, wanted[job.table])))]
        while due := [work for work in works if work.has_more]:
            staged = self.distribute(due) if self.distribute else Rebuild.stage_here
            for work in due:
                if not self._attempt(work.job, partial(_publish, work, staged)):
                    works.remove(work)
        self.record.tables += [work.result() for work in works]

    def _plan(self, job: Job, wanted: frozenset[date] | None) -> Rebuild | None:
        stale = {result.table for result in self.record.tables if result.outcome in ("refused", "skipped")}
        if behind := [read.table for read in job.inputs if read.table in stale]:
            waits = TableResult(table=job.table, outcome="skipped", message=f"waits for {', '.join(behind)}")
            self.record.tables.append(waits)
            return None
        view = look_at(self.lake, self.catalog, job, self._resolve)
        forced = self.request.days if self.request.is_forced and self.request.asks_for(job.table) else None
        plan = plan_rebuild(job, view, wanted, forced or frozenset())
        return Rebuild(job, view, plan, self.staging, self.report, self.part_rows)

    def _attempt(self, job: Job, step: Callable[[], Result]) -> Result | None:
        """The step's result. What stops it is recorded: a refusal ends this job alone, anything else the run."""
        try:
            return step()
        except RefusedError as error:
            self.record.tables.append(TableResult(table=job.table, outcome="refused", message=str(error)))
            return None
        except BaseException as error:
            self.record.tables.append(TableResult(table=job.table, outcome="failed", message=_first_line(error)))
            raise

    def _resolve(self, table: str) -> Snapshot | None:
        """The snapshot to see. Tables of other writers are seen as they were at the start, whatever is ingested."""
        if any(job.table == table for job in self.due):
            return current_snapshot(self.lake, table)
        if table not in self.sources:
            self.sources[table] = current_snapshot(self.lake, table)
        return self.sources[table]


def _publish(work: Rebuild, staged: Callable[[Rebuild], StagedMonth]) -> Rebuild:
    work.publish_next(staged(work))
    return work


@contextmanager
def _scratch(lake: Lake, writer: str) -> Iterator[Path]:
    """The writer's staging area, emptied before and after: a full disk gets its space back at once."""
    staging = lake.fresh_staging(writer)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
