"""Rebuilding the dirty days of one table: compute, audit, publish, a month of days at a time."""

import shutil
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from jobs.engine.audit import Metrics, audit_partitions, merge_outcomes
from jobs.engine.compute import PART_NAME, StagedDay, compute_day
from jobs.engine.declaration import Job
from jobs.engine.dirty import View, dirty_days, exact_days, expired_days, outdated_days
from jobs.engine.parts import compute_in_parts, plan_parts
from jobs.engine.progress import Progress, Report
from jobs.engine.state import BuildState, days_of, fingerprints, read_state, stamp
from jobs.engine.windows import Windows
from schemas.lake.publish import Change, NewFile, publish

# A killed backfill resumes after the last publish. A month a time loses little work, and the audit and the linking of
# the days that stay (a third of a second together) are spread over thirty days of computing.
CHUNK_DAYS = 31

RowOutcome = Literal["rebuilt", "unchanged", "refused", "skipped", "failed"]


class TableResult(msgspec.Struct, kw_only=True):
    """What a run did to one table. `rows` are those of the rebuilt days; `dirty` the days left for later."""

    table: str
    outcome: RowOutcome = "unchanged"
    days: int = 0
    rows: int = 0
    dirty: int = 0
    seconds: float = 0.0
    snapshot_id: str | None = None
    message: str = ""


@dataclass(frozen=True)
class Plan:
    """The days to rebuild now, and those that stay dirty; the state to publish them with.

    Of the days `gone` are to be emptied; `expired` ones go beside them, which is not worth telling.
    """

    days: list[date]
    gone: frozenset[date]
    expired: frozenset[date]
    later: frozenset[date]
    state: BuildState
    is_due: bool


def plan_rebuild(job: Job, view: View, only: frozenset[date] | None, forced: frozenset[date]) -> Plan:
    """Dirty days among `only` (None: all of them), and `forced` days whether dirty or not.

    Days of a mart that are too old to be kept exact are never dirty: they are rebuilt when `only` names them.
    """
    dirty, exact, outdated = dirty_days(job, view), exact_days(job, view), outdated_days(job, view)
    asked = (frozenset() if only is None else (only & view.known) - exact) | (forced & view.all_days)
    gone = frozenset(outdated - asked) | (view.all_days - view.known)
    days = (dirty if only is None else dirty & only) | asked | outdated
    before = read_state(view.output)
    expired = frozenset(expired_days(job, view) - days) if only is None else frozenset()
    stands = (days_of(view.output) | days) - gone - expired
    state = BuildState(
        job=stamp(job, view.catalog.tables[job.table]),
        consumed={table: fingerprints(snapshot) for table, snapshot in view.inputs.items()},
        inputs={table: snapshot.id for table, snapshot in view.inputs.items() if snapshot},
        audit=before.audit if before else [],
        parts=before.parts if before else {},
        exact_from=min(exact, default=None) if job.newest_days is not None else None,
        asked=sorted(stands & {*(asked - exact), *(before.asked if before else ())}),
        known=sorted(view.known),
    )
    later = frozenset(dirty - days)
    # With nothing to rebuild there still is what was consumed to remember, or narrowing is done over and over.
    is_due = bool(days or expired) or before is None or before.consumed != state.consumed or before.known != state.known
    return Plan(sorted(days), gone, expired, later, state, is_due)


@dataclass(frozen=True)
class StagedMonth:
    """Finished files of some days, and their metrics where whoever made them has measured them."""

    days: list[StagedDay]
    measured: list[Metrics] | None = None


@dataclass
class Rebuild:
    """One table's rebuild under way: what is left of its plan, and what it has published so far.

    Months are staged and published one after the other: `next_days` names those to compute, `publish_next` takes
    their files. `part_rows`: days that read more rows than these are computed in parts, where the job divides.
    """

    job: Job
    view: View
    plan: Plan
    staging: Path
    report: Report
    part_rows: int | None = None
    row_count: int = 0
    done: int = 0
    audit: list[dict[str, Any]] = field(default_factory=list)
    has_published: bool = False
    chunks: list[list[date]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Cut the plan into months."""
        self.table = self.view.catalog.tables[self.job.table]
        self.current = self.view.output
        self.parts = self.plan.state.parts
        self._started = time.monotonic()
        if not self.plan.is_due:
            return
        made = [day for day in self.plan.days if day not in self.plan.gone]
        self.chunks = [made[first : first + CHUNK_DAYS] for first in range(0, len(made), CHUNK_DAYS)] or [[]]
        self.report(Progress("start", self.job.table, 0, len(self.plan.days)))

    @property
    def has_more(self) -> bool:
        """Whether a month is left to publish."""
        return bool(self.chunks)

    @property
    def folder(self) -> Path:
        """Where the next month's files are staged."""
        return self.staging / self.table.name

    def next_days(self) -> list[date]:
        """The days of the next month to compute."""
        return self.chunks[0]

    def stage_here(self) -> StagedMonth:
        """Compute the next month in this process; days without rows are left out."""
        days = self.next_days()
        windows = Windows(self.job, self.view, days)
        staged = []
        for day in days:
            parts = plan_parts(self.job, self.view, day, self.part_rows)
            if parts:
                one = compute_in_parts(self.job, self.view, day, parts, self.folder)
            else:
                one = compute_day(self.job, self.view, day, self.folder, windows)
            self.tell(day)
            staged += [one] if one else []
        return StagedMonth(staged)

    def publish_next(self, month: StagedMonth) -> None:
        """Audit and publish the next month. `RefusedError` ends the rebuild; months published before it stand."""
        days, *self.chunks = self.chunks
        staged = month.days
        if not self.has_published:  # what must go, goes at once
            gone = self.plan.gone.intersection(self.plan.days)
            days = [*gone, *self.plan.expired, *days]
            self.done += len(gone)
        if staged:
            partitions = {one.day.isoformat(): [one.path] for one in staged}
            outcomes = audit_partitions(self.table, partitions, self._warn, self.view.catalog.suites, month.measured)
            self.audit = merge_outcomes(self.audit, outcomes)
        self.parts = {day: count for day, count in self.parts.items() if date.fromisoformat(day) not in days}
        self.parts |= {one.day.isoformat(): one.part_count for one in staged if one.part_count > 1}
        state = msgspec.structs.replace(
            self.plan.state,
            parts=self.parts,
            pending=sorted(self.plan.later.union(*self.chunks)),
            audit=self.audit or self.plan.state.audit,
        )
        change = Change(
            add={one.day.isoformat(): [NewFile(one.path, PART_NAME, one.row_count)] for one in staged},
            replace=[day.isoformat() for day in days],
        )
        self.current = publish(
            self.view.lake, self.table, self.current, change, state.as_manifest_state(), self.staging
        )
        self.has_published = True
        self.row_count += sum(one.row_count for one in staged)
        shutil.rmtree(self.folder, ignore_errors=True)

    def result(self) -> TableResult:
        """What was done to the table."""
        snapshot_id = self.current.id if self.current else None
        if not self.plan.is_due:
            return TableResult(table=self.job.table, dirty=len(self.plan.later), snapshot_id=snapshot_id)
        self.report(Progress("end", self.job.table, len(self.plan.days), len(self.plan.days)))
        return TableResult(
            table=self.job.table,
            outcome="rebuilt" if self.plan.days else "unchanged",
            days=len(self.plan.days),
            rows=self.row_count,
            dirty=len(self.plan.later),
            seconds=round(time.monotonic() - self._started, 3),
            snapshot_id=snapshot_id,
        )

    def tell(self, day: date) -> None:
        """Report that a day is computed."""
        self.done += 1
        self.report(Progress("day", self.table.name, self.done, len(self.plan.days), str(day)))

    def _warn(self, line: str) -> None:
        self.report(Progress("warning", self.table.name, message=line))
