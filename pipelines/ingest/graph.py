"""The ingest graph, read top to bottom: a reference to a range goes in, a committed manifest comes out.

A straight line without state, side inputs or tagged outputs, so that the same graph runs on the embedded runner,
Flink, Spark and Dataflow. Rows never travel: a range's rows go to files whose names are a function of the range, so
a retry or a zombie writes the same bytes to the same names.
"""

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr
from io import StringIO
from pathlib import Path

import apache_beam as beam
import msgspec
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner, create_runner

from pipelines.ingest.ingest_range import IngestOptions, ingest_range
from pipelines.ingest.ranges import LandingRange, RangeManifest, commit_manifest
from pipelines.kafka_topic import BrokerAwayError
from schemas.errors import UsageError


class IngestRange(beam.DoFn):
    """Range in, (name, manifest) out, both as JSON: a coder every runner has."""

    def __init__(self, options: IngestOptions) -> None:
        """`options` are plain values and travel with the graph."""
        self.options = options

    def process(self, element: bytes) -> Iterable[tuple[str, bytes]]:
        """Decode one range and write its files. Nothing comes of it when its broker is away: the next cycle takes it."""
        wanted = msgspec.json.decode(element, type=LandingRange)
        try:
            manifest = ingest_range(wanted, self.options)
        except BrokerAwayError:
            return
        yield wanted.name, msgspec.json.encode(manifest)


class CommitManifest(beam.DoFn):
    """Make a range count. However often it was retried, it is committed once, and all its manifests are equal."""

    def __init__(self, lake_path: str) -> None:
        """`lake_path` as the workers see it."""
        self.lake_path = lake_path

    def process(self, element: tuple[str, Iterable[bytes]]) -> Iterable[str]:
        """Write the manifest and hand on the range's name."""
        name, manifests = element
        commit_manifest(Path(self.lake_path), msgspec.json.decode(next(iter(manifests)), type=RangeManifest))
        yield name


def run_graph(ranges: Sequence[LandingRange], options: IngestOptions, runner: str, beam_arguments: list[str]) -> None:
    """Run the graph over the ranges and wait for its end."""
    elements = [msgspec.json.encode(wanted) for wanted in ranges]
    has_processes = "--direct_running_mode=multi_processing" in beam_arguments
    with (
        _unheard_workers() if has_processes else nullcontext(),
        beam.Pipeline(runner=_runner(runner), options=_options(beam_arguments)) as pipeline,
    ):
        (
            pipeline
            | "Plan" >> beam.Create(elements)
            | "Spread" >> beam.Reshuffle()
            | "IngestRange" >> beam.ParDo(IngestRange(options))
            | "Gather" >> beam.GroupByKey()
            | "CommitManifest" >> beam.ParDo(CommitManifest(options.lake_path))
        )


@contextmanager
def _unheard_workers() -> Iterator[None]:
    """Keep worker processes of the embedded runner from writing to our stderr while the graph runs.

    Each tells at length how it starts and ends, and takes no log level; what fails in one is raised in this process.
    """
    logging.getLogger("apache_beam.runners.portability").setLevel(logging.ERROR)  # which repeats what they say
    sys.stderr.flush()
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)
        os.close(nowhere)


def _runner(name: str) -> PipelineRunner:
    if name == "embedded":  # named, the default DirectRunner would try to download another one, without a timeout
        return FnApiRunner()
    try:
        return create_runner(name)
    except (ValueError, ImportError) as error:
        raise UsageError(f"no runner {name}: {error}") from None


def _options(arguments: list[str]) -> PipelineOptions:
    """Beam's options, all of them parsed now: argparse would print pages and end the process in the middle."""
    said = StringIO()
    try:
        with redirect_stderr(said):
            options = PipelineOptions(arguments)
            options.get_all_options()
    except SystemExit:
        why = said.getvalue().strip().rpartition("error: ")[2]
        raise UsageError(f"Beam refuses {' '.join(arguments)}: {why}") from None
    return options
