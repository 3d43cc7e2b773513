"""Following the landing: a loop of the same bounded cycles, until it is told to stop."""

import logging
from collections.abc import Callable
from datetime import timedelta

from pipelines.ingest.ingest import IngestJob, IngestResult, ingest_cycle
from pipelines.kafka_topic import BrokerAwayError

log = logging.getLogger(__name__)


def follow(
    job: IngestJob,
    interval: timedelta,
    is_stopped: Callable[[], bool],
    on_cycle: Callable[[IngestResult], None],
    sleep: Callable[[float], None],
) -> IngestResult:
    """Take in what arrives until `is_stopped`; the cycle under way is finished. Returns what all cycles did.

    A broker that is away is waited for.
    """
    staging = job.lake.fresh_staging("ingest")
    result = IngestResult()
    told: set[str] = set()
    is_away = False
    while not is_stopped():
        try:
            is_something_new = ingest_cycle(job, staging, result)
            is_away = False
        except BrokerAwayError as error:
            if not is_away:
                log.warning("%s; waiting for it", error)
            is_away, is_something_new = True, False
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
