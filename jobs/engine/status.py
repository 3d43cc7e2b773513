"""How the tables stand: newest day, rows, dirty days, last run and last failure. It only reads, so it never waits."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from jobs.engine.catalog import Catalog, declared_catalog
from jobs.engine.declaration import Job
from jobs.engine.dirty import CALENDAR_TABLE, dirty_days, look_at
from jobs.engine.discovery import order_jobs
from jobs.engine.history import RunRecord, read_records
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot


class TableStatus(msgspec.Struct, kw_only=True):
    """One table. `dirty_day_count` is null for tables that no job makes.

    It counts against what is published now: what a table waits for (`waits_for`) may touch more days once it is done.
    """

    table: str
    newest_day: str | None = None
    row_count: int = 0
    partition_count: int = 0
    dirty_day_count: int | None = None
    waits_for: list[str] = []
    snapshot_id: str | None = None
    published_at: str | None = None
    age_seconds: int | None = None
    last_run_at: str | None = None
    last_outcome: str | None = None
    last_failure_at: str | None = None
    last_failure: str | None = None


def table_statuses(
    lake: Lake, jobs: Sequence[Job], now: datetime | None = None, catalog: Catalog | None = None
) -> list[TableStatus]:
    """Every table of the lake and every table a job makes, sources first, then in the order the jobs run."""
    catalog = catalog or declared_catalog()
    ordered = {job.table: job for job in order_jobs(jobs, catalog.tables)}
    sources = [name for name in lake.table_names() if name not in ordered]
    read_too = {read.table for job in ordered.values() for read in job.inputs}
    seen = lake.tables.currents(dict.fromkeys([CALENDAR_TABLE, *sources, *ordered, *read_too]))
    records = read_records(lake)
    statuses: dict[str, TableStatus] = {}
    for name in [*sources, *ordered]:
        status = _status(name, seen[name], now or datetime.now(UTC))
        _add_runs(status, records)
        if name in ordered:
            job = ordered[name]
            view = look_at(lake, catalog, job, seen.__getitem__)
            status.dirty_day_count = len(dirty_days(job, view))
            status.waits_for = [
                read.table
                for read in job.inputs
                if read.table in ordered and (statuses[read.table].dirty_day_count or statuses[read.table].waits_for)
            ]
        statuses[name] = status
    return list(statuses.values())


def _status(name: str, snapshot: Snapshot | None, now: datetime) -> TableStatus:
    if snapshot is None:
        return TableStatus(table=name)
    manifest = snapshot.manifest
    published_at = datetime.fromisoformat(manifest.created_at)
    return TableStatus(
        table=name,
        newest_day=max(manifest.partitions, default=None),
        row_count=manifest.row_count,
        partition_count=len(manifest.partitions),
        snapshot_id=snapshot.id,
        published_at=published_at.isoformat(timespec="seconds"),
        age_seconds=max(0, int((now - published_at).total_seconds())),
    )


def _add_runs(status: TableStatus, records: Sequence[RunRecord]) -> None:
    for record in records:
        for result in record.tables:
            if result.table != status.table:
                continue
            status.last_run_at, status.last_outcome = record.ended_at, result.outcome
            if result.outcome in ("refused", "failed"):
                status.last_failure_at, status.last_failure = record.ended_at, result.message
