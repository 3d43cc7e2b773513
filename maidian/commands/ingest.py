"""`maidian ingest`: landing to the `events` and `rejects` tables."""

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click

from maidian.command_log import note_rows
from maidian.options import (
    beam_options,
    json_option,
    lake_option,
    landing_or_topic_option,
    runner_option,
    time_zone_option,
)
from pipelines.kafka_topic import KafkaTopic
from schemas.errors import MaidianError, UsageError
from schemas.lake.lake import create_lake
from schemas.lake.locks import hold_lock
from schemas.lake.place import LakePlace

FOLLOW_INTERVAL_SECONDS = 5.0  # an event is queryable well within a minute, and an idle follow costs next to nothing


@click.command(
    name="ingest",
    epilog="Options of the Beam runner go after a `--`: maidian ingest --runner flink -- --job_endpoint=host:8099",
)
@lake_option
@landing_or_topic_option
@time_zone_option
@click.option("--follow", "is_following", is_flag=True, help="Go on until stopped, taking in what arrives.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=FOLLOW_INTERVAL_SECONDS,
    show_default=True,
    help="Seconds between two looks while following.",
)
@runner_option("embedded", "`embedded`, `flink`, or a Beam runner by its own name.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the embedded runner. Starting them costs some seconds.",
)
@json_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- BEAM_OPTION...]")
def command(
    lake: LakePlace,
    landing: Path | KafkaTopic,
    time_zone: ZoneInfo | None,
    is_following: bool,
    interval: float,
    runner: str,
    workers: int,
    is_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Decode what is new in landing and publish it.

    Every line becomes an accepted event, a reject with its reason, or a repeat of an event that is there already; the
    table at the end adds up. Running it again takes in nothing twice, however the run before ended.
    """
    # Workers are processes of their own; each with all threads would be slower than one thread each.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    names, beam_arguments = beam_options(arguments)
    if names:
        raise UsageError(f"{names[0]} is no option of the runner; write those as --name=value, after a `--`")
    if isinstance(landing, Path) and not landing.is_dir():
        raise UsageError(f"no landing at {landing}; bring files in with `maidian import` first, or give --landing")
    from jobs.engine.audit import audit_partitions
    from maidian.distribution import check_runner
    from maidian.ingest_display import as_json, print_result, total_line
    from pipelines.ingest.follow import follow
    from pipelines.ingest.ingest import IngestJob, IngestResult, ingest

    opened = create_lake(lake, time_zone.key if time_zone else None)
    check_runner(opened, runner)
    job = IngestJob(
        lake=opened,
        landing=landing.absolute() if isinstance(landing, Path) else landing,
        audit=audit_partitions,
        runner=runner,
        beam_arguments=(*_worker_arguments(runner, workers), *beam_arguments),
        is_following=is_following,
    )

    def report_cycle(result: IngestResult) -> None:
        if is_following and not is_json:
            click.echo(total_line(result))

    with hold_lock(opened.lock_path("ingest"), "an ingest"):
        if is_following:
            stop = _StopFlag()
            result = follow(job, timedelta(seconds=interval), stop.is_set, report_cycle, time.sleep)
        else:
            result = ingest(job, report_cycle)
    note_rows(sum(outcome.accepted_count for outcome in result.sources.values()))
    if is_json:
        click.echo(json.dumps(as_json(result), ensure_ascii=False))
    else:
        print_result(result)
        if any(outcome.rejected for outcome in result.sources.values()):
            click.echo(f"see why: maidian replay export --lake {lake} --out rejects.ndjson")
    if result.refused_segments:
        first, reason = next(iter(result.refused_segments.items()))
        others = len(result.refused_segments) - 1
        raise MaidianError(reason + (f" (and {others} more segments like {first})" if others else ""))
    if result.gaps:
        raise MaidianError(f"{result.missing_count:,} records are missing, as warned above; all others were taken in")


class _StopFlag:
    """Set by SIGTERM or SIGINT; the cycle under way is finished first."""

    def __init__(self) -> None:
        self.is_raised = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._raise)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.is_raised = True

    def is_set(self) -> bool:
        return self.is_raised


def _worker_arguments(runner: str, workers: int) -> tuple[str, ...]:
    if workers == 1:
        return ()
    if runner != "embedded":
        raise UsageError("--workers is for the embedded runner; give the runner's own option after `--`")
    return (f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing")
