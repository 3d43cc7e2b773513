"""How a run is handed to a Beam runner: jobs know nothing of runners, and pipelines nothing of jobs."""

from collections.abc import Sequence
from functools import partial

from jobs.engine.run import Distribute


def distribution_on(runner: str | None, beam_arguments: Sequence[str]) -> Distribute | None:
    """What computes a run's days on that runner; None for this process."""
    if runner is None:
        return None
    from jobs.engine.distribute import Distribution
    from pipelines.beam_runner import run_pipeline

    return Distribution(partial(run_pipeline, runner=runner, beam_arguments=beam_arguments))
