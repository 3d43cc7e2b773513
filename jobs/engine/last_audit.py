"""What the last audit of each table found, from the manifests, with the reasons that the suites give."""

from collections.abc import Sequence

import msgspec

from jobs.engine.audit import Outcome
from jobs.engine.catalog import Catalog, declared_catalog
from jobs.engine.history import RunRecord, read_records
from jobs.engine.suites import Expectation, load_suite
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, current_snapshot


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation and what came of it; `en` and `zh` say why it is asked, as the suite does now."""

    outcome: Outcome
    en: str
    zh: str


class TableAudit(msgspec.Struct, frozen=True, kw_only=True):
    """The last audit of one table: of the partitions that its snapshot was published with.

    `refusal` says why a run has refused newer data since; the snapshot stands until the cause is gone.
    """

    table: str
    snapshot_id: str
    published_at: str
    findings: list[Finding]
    refused_at: str | None = None
    refusal: str | None = None

    @property
    def failed(self) -> list[Finding]:
        """Those that were not met."""
        return [finding for finding in self.findings if not finding.outcome.success]


def last_audits(lake: Lake, order: Sequence[str] = (), catalog: Catalog | None = None) -> list[TableAudit]:
    """Every published and declared table; those in `order` last and in that order."""
    catalog = catalog or declared_catalog()
    names = [name for name in lake.table_names() if name in catalog.tables]
    records = read_records(lake)
    audits = []
    for name in [*(name for name in names if name not in order), *(name for name in order if name in names)]:
        snapshot = current_snapshot(lake, name)
        if snapshot:
            audits.append(_table_audit(name, snapshot, records, catalog))
    return audits


def _table_audit(table: str, snapshot: Snapshot, records: Sequence[RunRecord], catalog: Catalog) -> TableAudit:
    outcomes = msgspec.convert(snapshot.manifest.state.get("audit", []), list[Outcome])
    asked = {_key(one.type, one.metric, one.severity): one for one in load_suite(table, catalog.suites).expectations}
    latest = [(record.ended_at, result) for record in records for result in record.tables if result.table == table][-1:]
    refusals = [(ended_at, result.message) for ended_at, result in latest if result.outcome == "refused"]
    refused_at, refusal = refusals[0] if refusals else (None, None)
    return TableAudit(
        table=table,
        snapshot_id=snapshot.id,
        published_at=snapshot.manifest.created_at,
        findings=[_finding(one, asked.get(_key(one.expectation, one.column, one.severity))) for one in outcomes],
        refused_at=refused_at,
        refusal=refusal,
    )


def _key(kind: str, metric: str, severity: str) -> tuple[str, str, str]:
    return kind, metric, severity


def _finding(outcome: Outcome, expectation: Expectation | None) -> Finding:
    if expectation is None:  # the suite has changed since
        return Finding(outcome=outcome, en=f"{outcome.column} was judged by an older suite.", zh=outcome.column)
    return Finding(outcome=outcome, en=expectation.meta.notes.en, zh=expectation.meta.notes.zh)
