"""Which days of a table are dirty: those whose inputs are not what they were when the day was last rebuilt.

Inputs are compared by content, partition by partition. A partition that was rebuilt to the same bytes has not changed,
so a correction stops where it no longer makes a difference. See docs/decisions/0004-dirty-days.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from jobs.engine.catalog import Catalog
from jobs.engine.declaration import Input, Job
from jobs.engine.scan import scan_days
from jobs.engine.state import BuildState, days_of, fingerprints, is_made_alike, read_state
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, find_snapshot

# Every day of a fact or a mart is a day on which something happened: the partitions of this table.
CALENDAR_TABLE = "events"


@dataclass(frozen=True)
class View:
    """What one job sees of the lake, resolved once, so that all its days are made of the same inputs."""

    lake: Lake
    catalog: Catalog
    known: frozenset[date]
    inputs: Mapping[str, Snapshot | None]
    output: Snapshot | None

    @property
    def all_days(self) -> frozenset[date]:
        """The known days, and days of the output that are known no more and must go."""
        return self.known | days_of(self.output)

    def row_counts(self, table: str, days: Iterable[date]) -> dict[date, int]:
        """How many rows an input has on each of the days on which it has any: its manifest tells."""
        snapshot = self.inputs[table]
        held = snapshot.manifest.partitions if snapshot else {}
        return {day: held[key].row_count for day in days if (key := day.isoformat()) in held}


def look_at(lake: Lake, catalog: Catalog, job: Job, resolve: Callable[[str], Snapshot | None]) -> View:
    """The job's view, with `resolve` saying which snapshot of a table to see."""
    return View(
        lake=lake,
        catalog=catalog,
        known=frozenset(days_of(resolve(CALENDAR_TABLE))),
        inputs={read.table: resolve(read.table) for read in job.inputs},
        output=resolve(job.table),
    )


def exact_days(job: Job, view: View) -> set[date]:
    """The days that are kept exact: of a mart the newest, of any other table all that are known."""
    return set(view.known if job.newest_days is None else sorted(view.known)[-job.newest_days :])


def dirty_days(job: Job, view: View) -> set[date]:
    """The days to rebuild, among those kept exact and those that must go."""
    state, exact = read_state(view.output), exact_days(job, view)
    gone = set(view.all_days - view.known) | outdated_days(job, view)
    if state is None or not is_made_alike(state.job, job, view.catalog.tables[job.table]):
        return gone | exact
    dirty = set(state.pending) | (set() if state.known is None else exact - set(state.known))
    for read in job.inputs:
        dirty |= _touched_days(job, read, state, view)
    if state.exact_from:  # nobody looked after these days while they were too old
        dirty |= {day for day in exact if day < state.exact_from}
    return gone | (dirty & exact)


def outdated_days(job: Job, view: View) -> set[date]:
    """Days too old to be kept exact that another version of the table made: their rows, and columns, no longer hold."""
    state = read_state(view.output)
    if state is not None and state.job.version == view.catalog.tables[job.table].version:
        return set()
    return days_of(view.output) - exact_days(job, view)


def expired_days(job: Job, view: View) -> set[date]:
    """Days too old to be kept exact that nobody asked for. They are not dirty: they go with the next whole run."""
    state = read_state(view.output)
    return days_of(view.output) - exact_days(job, view) - set(state.asked if state else ())


def days_read(read: Input, days: Iterable[date]) -> set[date]:
    """The days of an input that the days of the output are made of; of a reference, which has no days, none."""
    if read.is_reference:
        return set()
    return _shifted(days, -read.look_back_days, read.look_ahead_days)


def _touched_days(job: Job, read: Input, state: BuildState, view: View) -> set[date]:
    before, now = state.consumed.get(read.table, {}), fingerprints(view.inputs[read.table])
    if read.is_reference:  # compared by what it holds: the same rows imported on another day are no change
        return set() if sorted(before.values()) == sorted(now.values()) else set(sorted(view.known)[-1:])
    changed = {date.fromisoformat(value) for value in before.keys() | now.keys() if before.get(value) != now.get(value)}
    window = _shifted(changed, -read.look_ahead_days, read.look_back_days)
    narrow = (job.narrow or {}).get(read.table)
    if narrow is None or not changed:
        return window
    snapshots = [view.inputs[read.table]]
    if any(day.isoformat() in before for day in changed):  # rows may be gone: the old ones tell where they counted
        old = _snapshot_read(view.lake, read.table, state)
        if old is None:
            return window
        snapshots.append(old)
    touched: set[date] = set()
    for snapshot in snapshots:
        rows = scan_days(view.catalog.tables[read.table], snapshot, window)
        touched |= _days_in(narrow(rows, sorted(changed)))
    return touched & window


def _days_in(frame: pl.LazyFrame) -> set[date]:
    return set(frame.select(pl.col("day").unique()).collect()["day"])


def _snapshot_read(lake: Lake, table: str, state: BuildState) -> Snapshot | None:
    """The snapshot the state was made of, unless garbage collection took it."""
    try:
        return find_snapshot(lake, table, state.inputs.get(table, ""))
    except UsageError:
        return None


def _shifted(days: Iterable[date], first: int, last: int) -> set[date]:
    return {day + timedelta(days=offset) for day in days for offset in range(first, last + 1)}
