"""One ingest: plan, decode on Beam, publish, again until landing holds nothing new.

It goes in bounded cycles, so that memory stays flat and a killed ingest loses at most one cycle's work and no line.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.ingest.audit import Audit
from pipelines.ingest.decoding.decode import DecodeLimits
from pipelines.ingest.ingest_range import IngestOptions
from pipelines.ingest.kafka_segments import parse_segment
from pipelines.ingest.plan import Plan, plan_ranges
from pipelines.ingest.plan_records import plan_records
from pipelines.ingest.progress import Outcome, done_until
from pipelines.ingest.publish_events import publish_events, published_progress
from pipelines.ingest.publish_rejects import publish_rejects
from pipelines.ingest.ranges import RangeManifest, away_file, committed_ranges, forget_cycle, new_cycle, reuse_ranges
from pipelines.kafka_topic import BrokerAwayError, KafkaTopic
from schemas.errors import MaidianError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from schemas.tables.events import TABLE as EVENTS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IngestJob:
    """What an ingest works on and how."""

    lake: Lake
    landing: Path | KafkaTopic
    audit: Audit
    runner: str = "embedded"
    beam_arguments: tuple[str, ...] = ()
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    is_following: bool = False


@dataclass
class IngestResult:
    """What an ingest did: by source what came of the lines, and the segments it could not take, with the reason.

    `gaps` say which records were gone before they could be taken in, `missing_count` how many.
    """

    sources: dict[str, Outcome] = field(default_factory=dict)
    refused_segments: dict[str, str] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    missing_count: int = 0
    snapshot_id: str | None = None

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count in what came of some ranges."""
        for outcome in outcomes:
            self.missing_count += outcome.missing_count
            if not outcome.line_count:
                continue
            total = self.sources.setdefault(outcome.source, Outcome(source=outcome.source, segment=""))
            total.add(outcome)


def ingest(job: IngestJob, on_cycle: Callable[[IngestResult], None] = lambda _: None) -> IngestResult:
    """Take in all that is new in landing. Call it with the lake's `ingest` lock held.

    Raises `RefusedError` when the audit refuses; what was decoded stays, and the next ingest tries again.
    """
    staging = job.lake.fresh_staging("ingest")
    result = IngestResult()
    while ingest_cycle(job, staging, result):
        on_cycle(result)
    return result


def ingest_cycle(job: IngestJob, staging: Path, result: IngestResult) -> bool:
    """One cycle; False when there was nothing new."""
    lake = job.lake
    plan = _plan(job)
    result.refused_segments = plan.refused
    if not plan.ranges and current_snapshot(lake, EVENTS.name):
        return False
    cycle = new_cycle(lake)
    decoded = reuse_ranges(cycle, plan.ranges)
    missing = [wanted for wanted in plan.ranges if wanted.name not in decoded]
    if missing:
        from pipelines.ingest.graph import run_graph  # here, for an ingest of nothing need not load Beam

        landing = job.landing if isinstance(job.landing, KafkaTopic) else str(job.landing)
        options = IngestOptions(str(cycle), landing, lake.time_zone, job.limits)
        run_graph(missing, options, job.runner, job.beam_arguments)
        decoded = committed_ranges(cycle)
    committed = [decoded[wanted.name] for wanted in plan.ranges if wanted.name in decoded]
    if len(committed) < len(plan.ranges):
        if any(away_file(cycle, wanted.name).exists() for wanted in missing):
            raise BrokerAwayError(f"{job.landing} stopped answering; what was read of it is kept, run ingest again")
        raise MaidianError(
            f"the runner {job.runner} ended well, but {len(plan.ranges) - len(committed)} ranges are not in "
            f"{cycle}; landing and lake must be at the same path on every worker"
        )
    for gap in [*plan.gaps.values(), *filter(None, map(_holes, committed))]:
        log.warning(gap)  # before it counts as taken in: no crash can make it pass in silence
        result.gaps.append(gap)
    publish_rejects(lake, cycle, committed, staging, job.audit)
    snapshot, outcomes = publish_events(lake, cycle, committed, staging, job.audit)
    result.add(outcomes)
    result.snapshot_id = snapshot.id
    forget_cycle(cycle)
    lake.fresh_staging("ingest")  # its links would keep the bytes of snapshots that are long collected
    return bool(committed)


def _plan(job: IngestJob) -> Plan:
    now = datetime.now(UTC)
    published = _published(job.lake)
    if isinstance(job.landing, KafkaTopic):
        return plan_records(job.landing, published, now)
    return plan_ranges(job.landing, published, now, is_following=job.is_following)


def _published(lake: Lake) -> dict[str, int]:
    """For each segment, the byte or offset up to which it is in the `events` table."""
    return done_until(published_progress(lake))


def _holes(manifest: RangeManifest) -> str | None:
    """Say so when offsets within a range had no record."""
    read = manifest.range
    if not manifest.missing_count or read.is_gone:
        return None
    return (
        f"{parse_segment(read.segment)}: {manifest.missing_count:,} of the offsets from {read.start:,} to {read.end - 1:,} "
        "hold no record (compacted away, or the marks of a producer with transactions)"
    )
