"""Rebuilding the dirty days of one table: compute, audit, publish, a month of days at a time."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from jobs.engine.audit import audit_partitions, merge_outcomes
from jobs.engine.compute import PART_NAME, StagedDay, compute_day
from jobs.engine.declaration import Job
from jobs.engine.dirty import View, dirty_days, exact_days, outdated_days
from jobs.engine.progress import Progress, Report
from jobs.engine.state import BuildState, fingerprints, read_state, stamp
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
    """The days to rebuild now, and those that stay dirty; the state to publish them with. `gone` are days to empty."""

    days: list[date]
    gone: frozenset[date]
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
    state = BuildState(
        job=stamp(job, view.catalog.tables[job.table]),
        consumed={table: fingerprints(snapshot) for table, snapshot in view.inputs.items()},
        inputs={table: snapshot.id for table, snapshot in view.inputs.items() if snapshot},
        audit=before.audit if before else [],
        exact_from=min(exact, default=None) if job.newest_days is not None else None,
    )
    later = frozenset(dirty - days)
    # With nothing to rebuild there still is what was consumed to remember, or narrowing is done over and over.
    is_due = bool(days) or before is None or before.consumed != state.consumed
    return Plan(sorted(days), gone, later, state, is_due)


def rebuild(job: Job, view: View, plan: Plan, staging: Path, report: Report) -> TableResult:
    """Carry the plan out. Raises `RefusedError` when the audit refuses; months published before it stand."""
    if not plan.is_due:
        return TableResult(table=job.table, dirty=len(plan.later), snapshot_id=view.output.id if view.output else None)
    work = _Work(job, view, plan, staging, report)
    report(Progress("start", job.table, 0, len(plan.days)))
    started = time.monotonic()
    made = [day for day in plan.days if day not in plan.gone]
    chunks = [made[first : first + CHUNK_DAYS] for first in range(0, len(made), CHUNK_DAYS)] or [[]]
    chunks[0] = [*plan.gone.intersection(plan.days), *chunks[0]]  # what must go, goes at once
    for number, chunk in enumerate(chunks):
        work.publish_days(chunk, plan.later.union(*chunks[number + 1 :]))
    result = TableResult(
        table=job.table,
        outcome="rebuilt" if plan.days else "unchanged",
        days=len(plan.days),
        rows=work.row_count,
        dirty=len(plan.later),
        seconds=round(time.monotonic() - started, 3),
        snapshot_id=work.current.id if work.current else None,
    )
    report(Progress("end", job.table, len(plan.days), len(plan.days)))
    return result


@dataclass
class _Work:
    """One rebuild under way: what it has published so far."""

    job: Job
    view: View
    plan: Plan
    staging: Path
    report: Report
    row_count: int = 0
    done: int = 0
    audit: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = self.view.catalog.tables[self.job.table]
        self.current = self.view.output

    def publish_days(self, days: Sequence[date], later: frozenset[date]) -> None:
        """Compute, audit and publish some of the days."""
        folder = self.staging / self.table.name
        windows = Windows(self.job, self.view, days)
        staged = [one for one in (self._compute(day, folder, windows) for day in days) if one]
        if staged:
            partitions = {one.day.isoformat(): [one.path] for one in staged}
            outcomes = audit_partitions(self.table, partitions, self._warn, self.view.catalog.suites)
            self.audit = merge_outcomes(self.audit, outcomes)
        state = msgspec.structs.replace(
            self.plan.state, pending=sorted(later), audit=self.audit or self.plan.state.audit
        )
        change = Change(
            add={one.day.isoformat(): [NewFile(one.path, PART_NAME, one.row_count)] for one in staged},
            replace=[day.isoformat() for day in days],
        )
        self.current = publish(
            self.view.lake, self.table, self.current, change, state.as_manifest_state(), self.staging
        )
        self.row_count += sum(one.row_count for one in staged)
        shutil.rmtree(folder, ignore_errors=True)

    def _compute(self, day: date, folder: Path, windows: Windows) -> StagedDay | None:
        staged = compute_day(self.job, self.view, day, folder, windows) if day not in self.plan.gone else None
        self.done += 1
        self.report(Progress("day", self.table.name, self.done, len(self.plan.days), str(day)))
        return staged

    def _warn(self, line: str) -> None:
        self.report(Progress("warning", self.table.name, message=line))
