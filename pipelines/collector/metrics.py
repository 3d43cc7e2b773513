"""What the collector counts, for Prometheus. Labels are protocols, sources and statuses: never a key, a name or a person.

All workers share one page of memory, made before they are forked. Each adds to cells of its own, which costs next to
nothing for a request, and whichever is asked sums the cells of all. A worker that is started anew goes on with the cells
of the one before it, so counts never fall.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector as MetricCollector

from pipelines.collector.group_commit import Commit
from pipelines.collector.kafka_limits import KafkaNumbers
from pipelines.collector.protocols.routes import ROUTES
from pipelines.collector.protocols.translation import Translation

PREFIX: Final = "maidian_collector_"
CLIENT_GONE = 499  # nginx's number for a client that left before its answer
PROTOCOLS = tuple(dict.fromkeys(route.protocol for route in ROUTES))
STATUSES = (200, 400, 401, 405, 413, 429, CLIENT_GONE, 500, 503)
REASONS = ("full", "slow", "rate_limit", "buffer")

ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0)

_BY_SOURCE = {
    "events": "Events kept, good or bad",
    "unmapped_events": "Events kept apart because no mapping knows their name",
    "ignored_events": "Events that a mapping leaves out",
    "body_bytes": "Bodies of the requests that were kept, unzipped",
}
_OF_KAFKA = {
    "delivered_count": ("kafka_delivered_events", "Events that the broker acknowledged at once"),
    "spooled_count": ("kafka_spooled_events", "Events put on disk because the broker was away"),
    "forwarded_count": ("kafka_forwarded_events", "Events sent to the broker from disk"),
    "refused_count": ("kafka_refused_events", "Events that the broker never takes, set aside"),
}
_CELL_BYTES = 8


class Metrics(MetricCollector):
    """The numbers of all workers; after `take_part`, those of one."""

    def __init__(self, worker_count: int, sources: Sequence[str]) -> None:
        """Lay the cells out; call before the workers are forked."""
        self._sources = tuple(sources)
        self._names: list[tuple[str, ...]] = [
            *(("requests", protocol, str(status)) for protocol in PROTOCOLS for status in STATUSES),
            *((name, source) for name in _BY_SOURCE for source in self._sources),
            *(("not_kept_requests", reason) for reason in REASONS),
            ("committed_requests",),
            ("committed_bytes",),
            ("failed_commits",),
            ("connections",),
            *((name,) for name, _ in _OF_KAFKA.values()),
            ("kafka_spool_bytes",),
            ("kafka_workers_away",),
        ]
        for protocol in PROTOCOLS:
            self._names += [("answer_seconds", protocol, str(each)) for each in range(len(ANSWER_SECONDS) + 2)]
        self._names += [("commit_seconds", str(each)) for each in range(len(COMMIT_SECONDS) + 2)]
        self._cell_of = {name: cell for cell, name in enumerate(self._names)}
        self._request_cells = {
            (str(protocol), status): self._cell_of["requests", protocol, str(status)]
            for protocol in PROTOCOLS
            for status in STATUSES
        }
        self._worker_count = worker_count
        self._cells = memoryview(mmap.mmap(-1, worker_count * len(self._names) * _CELL_BYTES)).cast("d")
        self._own = self._row(0)
        self._kafka_before = KafkaNumbers()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def take_part(self, worker: int) -> None:
        """Count as this worker from now on."""
        self._own = self._row(worker)
        self._own[self._cell_of["connections",]] = 0

    def count_answer(self, protocol: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._own[self._request_cells[protocol, status]] += 1
        self._observe(self._cell_of["answer_seconds", protocol, "0"], ANSWER_SECONDS, seconds)

    def count_kept(self, source: str, byte_count: int, translation: Translation) -> None:
        """The events of one request are durable."""
        own, cell_of = self._own, self._cell_of
        own[cell_of["events", source]] += len(translation.lines)
        own[cell_of["body_bytes", source]] += byte_count
        if translation.unmapped:
            own[cell_of["unmapped_events", source]] += len(translation.unmapped)
        if translation.ignored_count:
            own[cell_of["ignored_events", source]] += translation.ignored_count

    def count_not_kept(self, reason: str) -> None:
        """One request was refused for want of room, speed or patience."""
        self._own[self._cell_of["not_kept_requests", reason]] += 1

    def count_commit(self, commit: Commit) -> None:
        """One group was written, or failed."""
        own, cell_of = self._own, self._cell_of
        self._observe(cell_of["commit_seconds", "0"], COMMIT_SECONDS, commit.seconds)
        if commit.is_kept:
            own[cell_of["committed_requests",]] += commit.request_count
            own[cell_of["committed_bytes",]] += commit.byte_count
        else:
            own[cell_of["failed_commits",]] += 1

    def note_kafka(self, now: KafkaNumbers) -> None:
        """What the Kafka landing of this worker counted since it started."""
        for field, (name, _meaning) in _OF_KAFKA.items():
            self._own[self._cell_of[name,]] += getattr(now, field) - getattr(self._kafka_before, field)
        self._own[self._cell_of["kafka_spool_bytes",]] = now.spool_bytes
        self._own[self._cell_of["kafka_workers_away",]] = now.is_away
        self._kafka_before = replace(now)

    def set_connections(self, count: int) -> None:
        """How many connections are open now."""
        self._own[self._cell_of["connections",]] = count

    def exposition(self) -> bytes:
        """All numbers in Prometheus' text form."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Sum the cells of all workers."""
        sums = [sum(self._cells[cell :: len(self._names)]) for cell in range(len(self._names))]
        value = dict(zip(self._names, sums, strict=True))
        requests = CounterMetricFamily(
            PREFIX + "requests", "Requests answered, by kind of client and status", labels=("protocol", "status")
        )
        for protocol in PROTOCOLS:
            for status in STATUSES:
                requests.add_metric((protocol, str(status)), value["requests", protocol, str(status)])
        yield requests
        for name, meaning in _BY_SOURCE.items():
            by_source = CounterMetricFamily(PREFIX + name, meaning, labels=("source",))
            for source in self._sources:
                by_source.add_metric((source,), value[name, source])
            yield by_source
        not_kept = CounterMetricFamily(
            PREFIX + "not_kept_requests", "Requests that were told to come again", labels=("reason",)
        )
        for reason in REASONS:
            not_kept.add_metric((reason,), value["not_kept_requests", reason])
        yield not_kept
        for name, meaning in (
            ("committed_requests", "Requests made durable; many share a commit"),
            ("committed_bytes", "Bytes made durable"),
            ("failed_commits", "Writes that failed and were taken back"),
        ):
            yield CounterMetricFamily(PREFIX + name, meaning, value=value[name,])
        for name, meaning in _OF_KAFKA.values():
            yield CounterMetricFamily(PREFIX + name, meaning, value=value[name,])
        of_spool = self._cells[self._cell_of["kafka_spool_bytes",] :: len(self._names)]  # each worker sees all of it
        yield GaugeMetricFamily(PREFIX + "kafka_spool_bytes", "What waits on disk for the broker", value=max(of_spool))
        away = value["kafka_workers_away",]
        yield GaugeMetricFamily(PREFIX + "kafka_workers_away", "Workers for which the broker is away", value=away)
        yield GaugeMetricFamily(PREFIX + "connections", "Open connections", value=value["connections",])
        answers = HistogramMetricFamily(
            PREFIX + "answer_seconds", "From a request's head to its answer", labels=("protocol",)
        )
        for protocol in PROTOCOLS:
            cells = [value["answer_seconds", protocol, str(each)] for each in range(len(ANSWER_SECONDS) + 2)]
            answers.add_metric((protocol,), _buckets(ANSWER_SECONDS, cells), cells[-1])
        yield answers
        cells = [value["commit_seconds", str(each)] for each in range(len(COMMIT_SECONDS) + 2)]
        commits = HistogramMetricFamily(PREFIX + "commit_seconds", "One write and fsync of the landing")
        commits.add_metric((), _buckets(COMMIT_SECONDS, cells), cells[-1])
        yield commits

    def _row(self, worker: int) -> "memoryview[float]":
        return self._cells[worker * len(self._names) : (worker + 1) * len(self._names)]

    def _observe(self, first: int, bounds: tuple[float, ...], seconds: float) -> None:
        """Count into the bucket, one cell a bucket and one past the last bound, and add to the sum behind them."""
        self._own[first + bisect_left(bounds, seconds)] += 1
        self._own[first + len(bounds) + 1] += seconds


def _buckets(bounds: tuple[float, ...], cells: Sequence[float]) -> list[tuple[str, float]]:
    """Prometheus' cumulative buckets."""
    total = 0.0
    buckets = []
    for bound, count in zip((*map(str, bounds), "+Inf"), cells, strict=False):
        total += count
        buckets.append((bound, total))
    return buckets
