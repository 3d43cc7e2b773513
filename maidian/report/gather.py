"""Everything the report says, read from the tables once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jobs.engine.discovery import find_jobs
from jobs.engine.last_audit import last_audits
from maidian.reading.as_of import connect_as_of, newest_as_of, tables_in
from maidian.reading.section import Section
from maidian.report.questions import AUDITS, SECTIONS, SOURCES
from pipelines.ingest.progress import Outcome
from pipelines.ingest.publish_events import published_progress
from schemas.lake.lake import Lake

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Report:
    """The sections with their rows, by name, and the days they are about."""

    first_day: date
    last_day: date
    parts: Mapping[str, tuple[Section, Rows]]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a section, each by column."""
        section, rows = self.parts[name]
        return [dict(zip(section.headings, row, strict=True)) for row in rows]


def gather(lake: Lake, *, as_of: date | None, days: int, limit: int) -> Report:
    """The report of the `days` days that end with `as_of`, by default the newest day that was built.

    UsageError when no mart was built yet.
    """
    day = newest_as_of(lake, as_of)
    named = tables_in(*(section.sql for section in SECTIONS))
    with connect_as_of(lake, day, named, fact_days=days) as tables:
        parts: dict[str, tuple[Section, Rows]] = {
            section.name: (section, tables.answer(section, limit=limit)) for section in SECTIONS
        }
    parts["sources"] = (SOURCES, _sources(lake))
    parts["audits"] = (AUDITS, _audits(lake))
    return Report(day - timedelta(days - 1), day, parts)


def _sources(lake: Lake) -> list[tuple[Any, ...]]:
    """What became of all lines ever read, by source, as each ingest prints for its own."""
    totals: dict[str, Outcome] = {}
    for outcome in published_progress(lake).values():
        totals.setdefault(outcome.source, Outcome(source=outcome.source, segment="")).add(outcome)
    return [
        (name, total.line_count, total.accepted_count, total.repeated_count, sum(total.rejected.values()))
        for name, total in sorted(totals.items())
    ]


def _audits(lake: Lake) -> list[tuple[Any, ...]]:
    return [
        (
            audit.table,
            len(audit.findings),
            len(audit.failed),
            audit.published_at[:16].replace("T", " "),
            bool(audit.refusal),
        )
        for audit in last_audits(lake, [job.table for job in find_jobs()])
    ]
