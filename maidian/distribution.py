"""How a run is handed to a Beam runner: jobs know nothing of runners, and pipelines nothing of jobs."""

from collections.abc import Sequence
from functools import partial

from jobs.engine.run import Distribute
from schemas.errors import UsageError
from schemas.lake.lake import Lake


def check_runner(lake: Lake, runner: str | None) -> None:
    """UsageError for other machines' workers on a lake in an object store: they hand each other files by path."""
    if lake.place is not None and runner not in (None, "embedded"):
        raise UsageError(
            f"--runner {runner}: its workers share a lake's directory, and {lake.place} has none; "
            "leave --runner out, or keep the lake on a file system that all of them mount"
        )


def distribution_on(runner: str | None, beam_arguments: Sequence[str]) -> Distribute | None:
    """What computes a run's days on that runner; None for this process."""
    if runner is None:
        return None
    from jobs.engine.distribute import Distribution
    from pipelines.beam_runner import run_pipeline

    return Distribution(partial(run_pipeline, runner=runner, beam_arguments=beam_arguments))
