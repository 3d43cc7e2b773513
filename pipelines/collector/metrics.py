"""What the collector counts, for Prometheus. Labels are routes, sources and statuses: never a key, an event's name or a person.

Every process writes files of its own into one folder (PROMETHEUS_MULTIPROC_DIR), and whichever is asked adds them up.
"""

import os
from functools import cache

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from pipelines.collector.landing import LandingError
from pipelines.collector.landing_files import Commit
from pipelines.collector.protocols.translation import Translation

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4

REQUESTS = Counter(
    "maidian_collector_requests", "Requests answered, by kind of client and status", ["protocol", "status"]
)
EVENTS = Counter("maidian_collector_events", "Events kept, good or bad, by source", ["source"])
UNMAPPED = Counter(
    "maidian_collector_unmapped_events", "Events kept apart because no mapping knows their name, by source", ["source"]
)
IGNORED = Counter("maidian_collector_ignored_events", "Events that a mapping leaves out, by source", ["source"])
BODY_BYTES = Counter(
    "maidian_collector_body_bytes", "Bodies of requests that were kept, unzipped, by source", ["source"]
)
RATE_LIMITED = Counter("maidian_collector_rate_limited_requests", "Requests over a key's limit, by source", ["source"])
NOT_KEPT = Counter("maidian_collector_not_kept_requests", "Requests refused for want of room or speed", ["reason"])
ANSWER_SECONDS = Histogram(
    "maidian_collector_answer_seconds",
    "From the head of a request to its answer",
    ["protocol"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
COMMIT_SECONDS = Histogram(
    "maidian_collector_commit_seconds",
    "One write and fsync of the landing",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
COMMITTED_REQUESTS = Counter("maidian_collector_committed_requests", "Requests made durable; many share a commit")


@cache
def request_count(protocol: str, status: int) -> Counter:
    """The counter of one kind of answer."""
    return REQUESTS.labels(protocol, str(status))


@cache
def answer_seconds(protocol: str) -> Histogram:
    """The clock of one protocol."""
    return ANSWER_SECONDS.labels(protocol)


def not_kept(error: LandingError) -> Counter:
    """The counter of requests that the landing did not take."""
    return NOT_KEPT.labels(type(error).__name__)


def count_kept(source: str, byte_count: int, translation: Translation) -> None:
    """Count a request whose events are durable."""
    of_source(EVENTS, source).inc(len(translation.lines))
    of_source(BODY_BYTES, source).inc(byte_count)
    if translation.unmapped:
        of_source(UNMAPPED, source).inc(len(translation.unmapped))
    if translation.ignored_count:
        of_source(IGNORED, source).inc(translation.ignored_count)


def count_commit(commit: Commit) -> None:
    """Count one group of the file landing."""
    COMMIT_SECONDS.observe(commit.seconds)
    if commit.is_kept:
        COMMITTED_REQUESTS.inc(commit.request_count)


@cache
def of_source(counter: Counter, source: str) -> Counter:
    """The counter of one source."""
    return counter.labels(source)


def exposition() -> bytes:
    """All processes' numbers in Prometheus' text form."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
