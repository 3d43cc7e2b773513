"""Following: cycles until it is told to stop, and a word on what it cannot take."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.ingest.follow import follow
from pipelines.ingest.ingest import IngestJob, IngestResult
from schemas.lake.lake import create_lake


def test_it_takes_in_what_arrives_tells_once_of_a_segment_it_cannot_take_and_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = create_lake(tmp_path / "lake")
    folder = lake.landing / "web"
    folder.mkdir(parents=True)
    (folder / "a.ndjson").write_text("{\n{\n")
    lines_after_cycles: list[int] = []
    naps: list[float] = []

    def report(result: IngestResult) -> None:
        lines_after_cycles.append(result.sources["web"].line_count)

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 1:
            (folder / "a.ndjson").write_text("{\n")
            (folder / "b.ndjson").write_text("{\n")

    job = IngestJob(lake, lake.landing, lambda table, partitions: [], is_following=True)
    result = follow(job, timedelta(seconds=0.1), lambda: len(naps) == 3, report, sleep)
    assert lines_after_cycles == [2, 3]
    assert list(result.refused_segments) == ["web/a.ndjson"]
    assert [record.getMessage() for record in caplog.records if record.name.startswith("pipelines")] == [
        result.refused_segments["web/a.ndjson"]
    ]
