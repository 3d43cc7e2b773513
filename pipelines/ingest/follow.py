"""Following the landing: a loop of the same bounded cycles, until it is told to stop."""

import logging
from collections.abc import Callable
from datetime import timedelta

from pipelines.ingest.ingest import IngestJob, IngestResult, ingest_cycle

log = logging.getLogger(__name__)


def follow(
    job: IngestJob,
    interval: timedelta,
    is_stopped: Callable[[], bool],
    on_cycle: Callable[[IngestResult], None],
    sleep: Callable[[float], None],
) -> IngestResult:
    """Take in what arrives until `is_stopped`; the cycle under way is finished. Returns what all cycles did."""
    staging = job.lake.fresh_staging("ingest")
    result = IngestResult()
    told: set[str] = set()
    while not is_stopped():
        is_something_new = ingest_cycle(job, staging, result)
        for segment in result.refused_segments.keys() - told:
            log.warning(result.refused_segments[segment])
        told = set(result.refused_segments)
        if is_something_new:
            on_cycle(result)
            continue
        waited = 0.0
        while waited < interval.total_seconds() and not is_stopped():
            sleep(min(0.2, interval.total_seconds() - waited))  # short naps, so that a stop is heard at once
            waited += 0.2
    return result
