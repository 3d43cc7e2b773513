"""The graph's own edges: what Beam is asked for and does not have is one line of wrong usage."""

import pytest

from pipelines.ingest.graph import run_graph
from pipelines.ingest.ingest_range import IngestOptions
from schemas.errors import MaidianError, UsageError

OPTIONS = IngestOptions("lake", "landing", "UTC")


@pytest.mark.parametrize("runner", ["FooRunner", "no.such.module.Runner"])
def test_a_runner_that_there_is_not_is_wrong_usage(runner: str) -> None:
    with pytest.raises(UsageError, match=f"^no runner {runner}: .*"):
        run_graph([], OPTIONS, runner, [])


def test_an_option_that_beam_refuses_is_wrong_usage_and_beam_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        UsageError, match=r"--direct_num_workers=x: argument --direct_num_workers: invalid int"
    ) as caught:
        run_graph([], OPTIONS, "embedded", ["--direct_num_workers=x"])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_flink_without_a_job_server_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--runner flink needs one of --job_endpoint"):
        run_graph([], OPTIONS, "flink", [])


def test_a_job_server_that_does_not_answer_is_one_line() -> None:
    with pytest.raises(MaidianError, match=r"nobody answers at --job_endpoint=127\.0\.0\.1:1;"):
        run_graph([], OPTIONS, "flink", ["--job_endpoint=127.0.0.1:1", "--job-server-timeout=1"])
