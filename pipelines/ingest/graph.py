"""The ingest graph, read top to bottom: a reference to a range goes in, a committed manifest comes out.

A straight line without state, side inputs or tagged outputs, so that the same graph runs on the embedded runner,
Flink, Spark and Dataflow. Rows never travel: a range's rows go to files whose names are a function of the range, so
a retry or a zombie writes the same bytes to the same names.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import apache_beam as beam
import msgspec

from pipelines.beam_runner import run_pipeline
from pipelines.ingest.ingest_range import IngestOptions, ingest_range
from pipelines.ingest.ranges import LandingRange, RangeManifest, away_file, commit_manifest
from pipelines.kafka_topic import BrokerAwayError
from schemas.lake.durable import write_durably


class IngestRange(beam.DoFn):
    """Range in, (name, manifest) out, both as JSON: a coder every runner has."""

    def __init__(self, options: IngestOptions) -> None:
        """`options` are plain values and travel with the graph."""
        self.options = options

    def process(self, element: bytes) -> Iterable[tuple[str, bytes]]:
        """Decode one range and write its files. When its broker is away only that is said: the next cycle takes it."""
        wanted = msgspec.json.decode(element, type=LandingRange)
        try:
            manifest = ingest_range(wanted, self.options)
        except BrokerAwayError:
            write_durably(away_file(Path(self.options.cycle), wanted.name), b"")
            return
        yield wanted.name, msgspec.json.encode(manifest)


class CommitManifest(beam.DoFn):
    """Make a range count. However often it was retried, it is committed once, and all its manifests are equal."""

    def __init__(self, cycle: str) -> None:
        """The cycle's folder, as the workers see it."""
        self.cycle = cycle

    def process(self, element: tuple[str, Iterable[bytes]]) -> Iterable[str]:
        """Write the manifest and hand on the range's name."""
        name, manifests = element
        commit_manifest(Path(self.cycle), msgspec.json.decode(next(iter(manifests)), type=RangeManifest))
        yield name


def run_graph(
    ranges: Sequence[LandingRange], options: IngestOptions, runner: str, beam_arguments: Sequence[str]
) -> None:
    """Run the graph over the ranges and wait for its end."""
    elements = [msgspec.json.encode(wanted) for wanted in ranges]
    run_pipeline(partial(_build, elements, options), runner, beam_arguments)


def _build(elements: Sequence[bytes], options: IngestOptions, pipeline: beam.Pipeline) -> None:
    (
        pipeline
        | "Plan" >> beam.Create(elements)
        | "Spread" >> beam.Reshuffle()
        | "IngestRange" >> beam.ParDo(IngestRange(options))
        | "Gather" >> beam.GroupByKey()
        | "CommitManifest" >> beam.ParDo(CommitManifest(options.cycle))
    )
