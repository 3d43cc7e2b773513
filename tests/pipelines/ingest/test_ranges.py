"""Cycles and their folders: what a killed driver and its workers leave is used whole or not at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.ingest.ingest_range import IngestOptions, ingest_range
from pipelines.ingest.ranges import (
    LandingRange,
    commit_manifest,
    committed_ranges,
    events_file,
    new_cycle,
    ranges_folder,
    reuse_ranges,
)
from schemas.lake.lake import Lake, create_lake

VIEW = b'{"event_id":"1","event_type":"view","occurred_at":"2026-11-20T01:02:03Z","customer_id":"C","sku_id":"S"}\n'
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = create_lake(tmp_path / "lake", "UTC")
    (made.landing / "web").mkdir(parents=True)
    (made.landing / "web" / "a.ndjson").write_bytes(VIEW)
    return made


def wanted(landed_at: datetime = NOW) -> LandingRange:
    return LandingRange(
        source="web", segment="web/a.ndjson", start=0, end=len(VIEW), landed_at=landed_at, ingested_at=NOW
    )


def decode_into(cycle: Path, lake: Lake) -> None:
    manifest = ingest_range(wanted(), IngestOptions(str(cycle), str(lake.landing), "UTC"))
    commit_manifest(cycle, manifest)


def test_what_a_killed_cycle_decoded_is_taken_over_and_nothing_else_stays(lake: Lake) -> None:
    killed, cycle = new_cycle(lake), new_cycle(lake)
    decode_into(killed, lake)
    (ranges_folder(lake.path) / "of_an_older_version.json").touch()
    assert reuse_ranges(cycle, [wanted()]).keys() == {wanted().name}
    assert committed_ranges(cycle).keys() == {wanted().name}
    assert events_file(cycle, wanted().name).exists()
    assert list(ranges_folder(lake.path).iterdir()) == [cycle]


def test_a_manifest_that_a_late_worker_wrote_without_its_files_is_not_taken_over(lake: Lake) -> None:
    killed, cycle = new_cycle(lake), new_cycle(lake)
    decode_into(killed, lake)
    events_file(killed, wanted().name).unlink()
    assert reuse_ranges(cycle, [wanted()]) == {}
    assert committed_ranges(cycle) == {}


def test_of_a_segment_that_changed_since_nothing_is_taken_over(lake: Lake) -> None:
    killed, cycle = new_cycle(lake), new_cycle(lake)
    decode_into(killed, lake)
    assert reuse_ranges(cycle, [wanted(NOW.replace(year=2025))]) == {}


def test_what_a_late_worker_writes_does_not_reach_a_later_cycle(lake: Lake) -> None:
    killed, cycle = new_cycle(lake), new_cycle(lake)
    decode_into(killed, lake)
    reuse_ranges(cycle, [wanted()])
    before = {path.name: path.read_bytes() for path in cycle.iterdir()}
    killed.mkdir()
    (lake.landing / "web" / "a.ndjson").write_bytes(VIEW.replace(b'"1"', b'"2"'))
    decode_into(killed, lake)
    assert {path.name: path.read_bytes() for path in cycle.iterdir()} == before
