"""Running a Beam pipeline on the runner that was asked for: `embedded`, `flink`, or any of Beam's by its own name."""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr
from io import StringIO

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner, create_runner

from schemas.errors import MaidianError, UsageError

EMBEDDED = "embedded"
SHORT_NAMES = {"flink": "FlinkRunner"}

# Where a job server is, or what to start one from; without either Beam would try to download one, without a timeout.
FLINK_OPTIONS = ("--job_endpoint", "--flink_job_server_jar")

# One of our own errors, somewhere in the pages that a runner makes of what a worker raised.
_OUR_ERROR = re.compile(r"^(?:schemas|pipelines|jobs)\.[\w.]+Error: (.+?)(?: \[while running .*)?$", re.MULTILINE)


def run_pipeline(build: Callable[[beam.Pipeline], None], runner: str, beam_arguments: Sequence[str]) -> None:
    """Let `build` add its steps to a pipeline, run it and wait for its end.

    UsageError for a runner or an option that there is not. What the embedded runner raises comes through as it is; a run
    elsewhere that fails is a MaidianError of one line.
    """
    if runner == "flink" and not any(each.startswith(FLINK_OPTIONS) for each in beam_arguments):
        raise UsageError(f"--runner flink needs one of {', '.join(FLINK_OPTIONS)}=… after a `--`; see docs/cluster.md")
    pipeline = beam.Pipeline(runner=_runner(runner), options=_options(beam_arguments))
    build(pipeline)
    if runner == EMBEDDED:
        with _unheard_workers() if "--direct_running_mode=multi_processing" in beam_arguments else nullcontext():
            pipeline.run().wait_until_finish()
        return
    with _unheard_runner():
        try:
            pipeline.run().wait_until_finish()
        except grpc.FutureTimeoutError as error:
            where = next((each for each in beam_arguments if each.startswith("--job_endpoint")), "the Beam job server")
            raise MaidianError(f"nobody answers at {where}; start it, or name another, and run again") from error
        except (RuntimeError, grpc.RpcError) as error:
            raise MaidianError(f"the run on {runner} failed: {_reason(str(error))}; mend that and run again") from error


def _reason(text: str) -> str:
    """The line that says what happened: our own error if there is one, else the last of the first traceback."""
    if found := _OUR_ERROR.search(text):
        return found[1]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception|Interrupt): ", line)]
    return (errors or lines or ["it does not say why"])[0][:500]


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


@contextmanager
def _unheard_runner() -> Iterator[None]:
    """Keep the pages that a failed run logs from stderr: the one line that matters is raised."""
    handlers = logging.getLogger().handlers
    for handler in handlers:
        handler.addFilter(_is_from_elsewhere)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(_is_from_elsewhere)


def _is_from_elsewhere(record: logging.LogRecord) -> bool:
    return "/apache_beam/runners/" not in record.pathname


def _runner(name: str) -> PipelineRunner:
    if name == EMBEDDED:  # named, the default DirectRunner would try to download another one, without a timeout
        return FnApiRunner()
    try:
        return create_runner(SHORT_NAMES.get(name, name))
    except (ValueError, ImportError) as error:
        raise UsageError(f"no runner {name}: {error}") from None


def _options(arguments: Sequence[str]) -> PipelineOptions:
    """Beam's options, all of them parsed now: argparse would print pages and end the process in the middle."""
    said = StringIO()
    try:
        with redirect_stderr(said):
            options = PipelineOptions(list(arguments))
            options.get_all_options()
    except SystemExit:
        why = said.getvalue().strip().rpartition("error: ")[2]
        raise UsageError(f"Beam refuses {' '.join(arguments)}: {why}") from None
    return options
