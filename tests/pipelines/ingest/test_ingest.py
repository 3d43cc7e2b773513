"""One ingest after another over a real lake: the numbers add up, repeats are dropped, crashes leave no trace."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.ingest import ingest as ingest_module
from pipelines.ingest import plan, publish_events
from pipelines.ingest.ingest import IngestJob, IngestResult, ingest
from pipelines.ingest.ranges import ranges_folder
from schemas.errors import RefusedError
from schemas.lake.lake import Lake, create_lake
from schemas.lake.publish import roll_back
from schemas.lake.snapshots import current_snapshot, list_snapshots
from schemas.tables.declaration import Table


def no_audit(table: Table, partitions: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
    return []


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake", "Asia/Shanghai")


def view(event_id: str, at: str = "2024-11-20T10:00:00+08:00", **fields: object) -> str:
    event = {"event_id": event_id, "event_type": "view", "occurred_at": at, "customer_id": "C1", "sku_id": "S1"}
    return json.dumps(event | fields)


def land(lake: Lake, name: str, *lines: str, mode: str = "w") -> None:
    path = lake.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        file.writelines(line + "\n" for line in lines)


def take_in(lake: Lake) -> IngestResult:
    return ingest(IngestJob(lake, lake.landing, no_audit))


def rows(lake: Lake, table: str = "events") -> pl.DataFrame:
    snapshot = current_snapshot(lake, table)
    assert snapshot is not None
    return pl.read_parquet(snapshot.directory / "**" / "*.parquet", hive_partitioning=True)


def ids(lake: Lake) -> list[str]:
    return sorted(rows(lake)["event_id"])


def counts(result: IngestResult, source: str = "web") -> tuple[int, int, int, int]:
    outcome = result.sources[source]
    return outcome.line_count, outcome.accepted_count, sum(outcome.rejected.values()), outcome.repeated_count


def test_every_line_is_accepted_or_rejected_or_repeated(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"), "{", view("1"), "", view("2", at="2024-11-20T23:59:59-01:00"))
    land(lake, "app/a.ndjson", view("3"), view("2"))
    result = take_in(lake)
    assert counts(result, "app") == (2, 2, 0, 0)  # app lands before web: the first in that order stays
    assert counts(result, "web") == (5, 1, 2, 2)
    assert ids(lake) == ["1", "2", "3"]
    assert rows(lake, "rejects").select("kind", "byte_offset", "raw").sort("byte_offset").rows() == [
        ("malformed_json", len(view("1")) + 1, b"{"),
        ("empty", 2 * len(view("1")) + 4, b""),
    ]


def test_rows_lie_in_their_business_day(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1", at="2024-11-20T15:59:59Z"), view("2", at="2024-11-20T16:00:00Z"))
    take_in(lake)
    assert dict(rows(lake).select("event_id", "event_date").iter_rows()) == {
        "1": date(2024, 11, 20),
        "2": date(2024, 11, 21),
    }


def test_repeats_are_dropped_in_any_later_run_and_on_any_day(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"), view("2"))
    take_in(lake)
    land(lake, "web/b.ndjson", view("1", at="2024-11-25T10:00:00+08:00"), view("3"))
    assert counts(take_in(lake)) == (2, 1, 0, 1)
    assert ids(lake) == ["1", "2", "3"]


def test_ingesting_again_takes_in_nothing(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"))
    first = take_in(lake)
    second = take_in(lake)
    assert second.sources == {}
    assert current_snapshot(lake, "events").id == first.snapshot_id  # type: ignore[union-attr]


def test_lines_added_to_a_segment_are_taken_in_and_no_others(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"))
    take_in(lake)
    land(lake, "web/a.ndjson", view("2"), mode="a")
    assert counts(take_in(lake)) == (1, 1, 0, 0)
    assert ids(lake) == ["1", "2"]


def test_an_empty_landing_makes_tables_that_can_be_queried(lake: Lake) -> None:
    lake.landing.mkdir()
    assert take_in(lake).sources == {}
    assert rows(lake).height == 0
    assert rows(lake, "rejects").height == 0


def test_several_cycles_equal_one(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [view(str(n % 40), at=f"2024-11-{10 + n % 7}T10:00:00+08:00", sku_id=f"S{n}") for n in range(60)]
    land(lake, "web/a.ndjson", *lines)
    take_in(lake)
    other = create_lake(tmp_path / "other", "Asia/Shanghai")
    land(other, "web/a.ndjson", *lines)
    monkeypatch.setattr(plan, "GRID_BYTES", 512)
    monkeypatch.setattr(plan, "MAX_CYCLE_BYTES", 2048)
    take_in(other)
    assert len(list_snapshots(other, "events")) > 2
    assert rows(other).sort("event_id").equals(rows(lake).sort("event_id"))


def test_a_day_of_many_small_ingests_has_few_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_events, "MAX_FILES", 3)
    for number in range(8):
        land(lake, f"web/{number}.ndjson", view(str(number)), "{")
        take_in(lake)
    snapshot = current_snapshot(lake, "events")
    assert snapshot is not None
    assert len(snapshot.files()) <= 3
    assert ids(lake) == [str(number) for number in range(8)]
    assert rows(lake, "rejects").height == 8


def test_rolling_events_back_lets_its_lines_come_again_once(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"))
    first = take_in(lake)
    land(lake, "web/b.ndjson", view("1"), view("2"), "{")
    take_in(lake)
    assert first.snapshot_id is not None
    roll_back(lake, "events", first.snapshot_id)
    assert ids(lake) == ["1"]
    assert counts(take_in(lake)) == (3, 1, 1, 1)
    assert ids(lake) == ["1", "2"]
    assert rows(lake, "rejects").height == 1  # it was never rolled back, and has each line once


def test_a_refused_audit_publishes_nothing_and_loses_nothing(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"))
    take_in(lake)

    def refuse(table: Table, partitions: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
        raise RefusedError(table.name)

    land(lake, "web/b.ndjson", view("2"))
    with pytest.raises(RefusedError):
        ingest(IngestJob(lake, lake.landing, refuse))
    assert ids(lake) == ["1"]
    assert counts(take_in(lake)) == (1, 1, 0, 0)


@pytest.mark.parametrize("step", ["publish_rejects", "publish_events", "forget_cycle"])
def test_an_ingest_that_dies_between_two_steps_is_finished_by_the_next(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    land(lake, "web/a.ndjson", view("1"), "{", view("1"))
    _die_at(step, lake, monkeypatch)
    land(lake, "app/b.ndjson", view("2"), "}")
    take_in(lake)
    assert ids(lake) == ["1", "2"]
    assert rows(lake, "rejects").height == 2
    assert list(ranges_folder(lake.path).iterdir()) == []


def test_a_damaged_segment_does_not_hold_up_the_others(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"), view("2"))
    take_in(lake)
    land(lake, "web/a.ndjson", view("1"))
    land(lake, "web/b.ndjson", view("3"))
    result = take_in(lake)
    assert list(result.refused_segments) == ["web/a.ndjson"]
    assert ids(lake) == ["1", "2", "3"]


def test_a_last_line_that_was_finished_after_the_plan_is_taken_whole_and_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = view("1") + "\n" + view("2") + "\n"
    path = lake.landing / "web" / "a.ndjson"
    path.parent.mkdir(parents=True)
    path.write_text(lines[:-20])

    def plan_then_finish_the_line(*arguments: Any, **options: Any) -> plan.Plan:
        found = plan.plan_ranges(*arguments, **options)
        path.write_text(lines)
        return found

    monkeypatch.setattr(ingest_module, "plan_ranges", plan_then_finish_the_line)
    result = take_in(lake)
    assert result.refused_segments == {}
    assert counts(result) == (2, 2, 0, 0)


@pytest.mark.parametrize("step", ["publish_events", "roll_back"])
def test_rejects_of_a_segment_that_grows_on_a_later_day_are_not_doubled(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    land(lake, "app/a.ndjson", view("0"))
    before = take_in(lake).snapshot_id
    land(lake, "web/a.ndjson", "{", view("1"))
    os.utime(lake.landing / "web/a.ndjson", (1_700_000_000, 1_700_000_000))
    if step == "roll_back":
        take_in(lake)
        assert before is not None
        roll_back(lake, "events", before)
    else:
        _die_at(step, lake, monkeypatch)
    land(lake, "web/a.ndjson", "}", mode="a")  # now
    assert counts(take_in(lake)) == (3, 1, 2, 0)
    assert sorted(rows(lake, "rejects")["raw"]) == [b"{", b"}"]


def test_what_a_killed_ingest_decoded_of_a_segment_that_changed_since_is_decoded_anew(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(lake, "web/a.ndjson", view("1"))
    _die_at("publish_rejects", lake, monkeypatch)
    land(lake, "web/a.ndjson", view("2"))
    os.utime(lake.landing / "web/a.ndjson", (1_700_000_000, 1_700_000_000))
    take_in(lake)
    assert ids(lake) == ["2"]


def test_staging_does_not_keep_what_was_published(lake: Lake) -> None:
    land(lake, "web/a.ndjson", view("1"), "{")
    take_in(lake)
    assert list(lake.staging("ingest").iterdir()) == []
    assert {path.stat().st_nlink for path in lake.path.rglob("*.parquet")} == {1}


def _die_at(step: str, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, step, die)
        with pytest.raises(KeyboardInterrupt):
            take_in(lake)
