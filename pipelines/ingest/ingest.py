"""One ingest: plan, decode on Beam, publish, again until landing holds nothing new.

It goes in bounded cycles, so that memory stays flat and a killed ingest loses at most one cycle's work and no line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.ingest.audit import Audit
from pipelines.ingest.decoding.decode import DecodeLimits
from pipelines.ingest.ingest_range import IngestOptions
from pipelines.ingest.plan import plan_ranges
from pipelines.ingest.progress import Outcome, read_progress
from pipelines.ingest.publish_events import index_folder, publish_events
from pipelines.ingest.publish_rejects import publish_rejects
from pipelines.ingest.ranges import LandingRange, RangeManifest, committed_ranges, forget_range, ranges_folder
from schemas.errors import MaidianError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from schemas.tables.events import TABLE as EVENTS


@dataclass(frozen=True)
class IngestJob:
    """What an ingest works on and how."""

    lake: Lake
    landing: Path
    audit: Audit
    runner: str = "embedded"
    beam_arguments: tuple[str, ...] = ()
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    is_following: bool = False


@dataclass
class IngestResult:
    """What an ingest did: by source what came of the lines, and the segments it could not take, with the reason."""

    sources: dict[str, Outcome] = field(default_factory=dict)
    refused_segments: dict[str, str] = field(default_factory=dict)
    snapshot_id: str | None = None

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count in what came of some ranges."""
        for outcome in outcomes:
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
    plan = plan_ranges(job.landing, _published(lake), datetime.now(UTC), is_following=job.is_following)
    result.refused_segments = plan.refused
    if not plan.ranges and current_snapshot(lake, EVENTS.name):
        return False
    decoded = _reuse_ranges(lake, plan.ranges)
    missing = [wanted for wanted in plan.ranges if wanted.name not in decoded]
    if missing:
        from pipelines.ingest.graph import run_graph  # here, for an ingest of nothing need not load Beam

        options = IngestOptions(str(lake.path), str(job.landing), lake.time_zone, job.limits)
        run_graph(missing, options, job.runner, list(job.beam_arguments))
        decoded = committed_ranges(lake)
    committed = [decoded[wanted.name] for wanted in plan.ranges if wanted.name in decoded]
    if len(committed) < len(plan.ranges):
        raise MaidianError(
            f"the runner {job.runner} ended well, but {len(plan.ranges) - len(committed)} ranges are not in "
            f"{ranges_folder(lake.path)}; landing and lake must be at the same path on every worker"
        )
    publish_rejects(lake, committed, staging, job.audit)
    snapshot, outcomes = publish_events(lake, committed, staging, job.audit)
    result.add(outcomes)
    result.snapshot_id = snapshot.id
    for manifest in committed:
        forget_range(lake.path, manifest.name)
    lake.fresh_staging("ingest")  # its links would keep the bytes of snapshots that are long collected
    return bool(committed)


def _published(lake: Lake) -> dict[str, int]:
    """For each segment, the byte up to which it is in the `events` table."""
    snapshot = current_snapshot(lake, EVENTS.name)
    files = snapshot.manifest.state.get("progress", []) if snapshot else []
    return {segment: outcome.end for segment, outcome in read_progress(index_folder(lake), files).items()}


def _reuse_ranges(lake: Lake, planned: Sequence[LandingRange]) -> dict[str, RangeManifest]:
    """What a killed run decoded of the plan. All else that it left is removed: published, half-written, or changed."""
    landed_at = {wanted.name: wanted.landed_at for wanted in planned}
    reused = {
        name: manifest
        for name, manifest in committed_ranges(lake).items()
        if manifest.range.landed_at == landed_at.get(name)
    }
    for path in ranges_folder(lake.path).glob("*"):
        if path.name.partition(".")[0] not in reused:
            path.unlink()
    return reused
