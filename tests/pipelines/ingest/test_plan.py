"""The plan: every byte of landing is in one range, and each line in the range where it begins."""

import os
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest import plan
from pipelines.ingest.plan import plan_ranges
from pipelines.ingest.read_range import read_lines

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "GRID_BYTES", 8)


def land(landing: Path, name: str, content: bytes) -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@given(content=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"defghijklmnop"]), max_size=30).map(b"".join))
def test_ranges_give_back_every_line_once(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    landing = tmp_path_factory.mktemp("landing")
    path = land(landing, "web/a.ndjson", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "GRID_BYTES", 8)
        ranges = plan_ranges(landing, {}, NOW).ranges
    blocks = [read_lines(path, r.start, r.end) for r in ranges]
    assert b"".join(block for block, _ in blocks) == content
    for (block, first), r in zip(blocks, ranges, strict=True):
        assert not block or (r.start <= first < r.end and content[first:].startswith(block))


def test_what_is_done_is_not_planned_again(tmp_path: Path, small_grid: None) -> None:
    land(tmp_path, "web/a.ndjson", b"x\n" * 10)
    assert [(r.start, r.end) for r in plan_ranges(tmp_path, {"web/a.ndjson": 10}, NOW).ranges] == [(10, 16), (16, 20)]
    assert plan_ranges(tmp_path, {"web/a.ndjson": 20}, NOW).ranges == []


def test_a_segment_that_became_shorter_is_refused(tmp_path: Path) -> None:
    land(tmp_path, "web/a.ndjson", b"x\n")
    planned = plan_ranges(tmp_path, {"web/a.ndjson": 4}, NOW)
    assert planned.ranges == []
    assert "is shorter than what was ingested" in planned.refused["web/a.ndjson"]


def test_a_segment_that_grew_within_an_ingested_line_is_refused(tmp_path: Path) -> None:
    land(tmp_path, "web/a.ndjson", b"x\ny-and-more\n")
    assert "unfinished last line" in plan_ranges(tmp_path, {"web/a.ndjson": 3}, NOW).refused["web/a.ndjson"]


def test_following_leaves_an_unfinished_line_to_its_writer_for_a_minute(tmp_path: Path) -> None:
    path = land(tmp_path, "web/a.ndjson", b"x\ny")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert [r.end for r in plan_ranges(tmp_path, {}, NOW, is_following=True).ranges] == [2]
    later = NOW + timedelta(seconds=61)
    assert [r.end for r in plan_ranges(tmp_path, {}, later, is_following=True).ranges] == [3]


def test_a_cycle_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_grid: None) -> None:
    monkeypatch.setattr(plan, "MAX_CYCLE_BYTES", 20)
    land(tmp_path, "web/a.ndjson", b"x\n" * 100)
    assert [r.end for r in plan_ranges(tmp_path, {}, NOW).ranges] == [8, 16, 24]


def test_range_names_depend_on_the_range_alone(tmp_path: Path) -> None:
    path = land(tmp_path, "web/a.ndjson", b"x\n")
    (first,) = plan_ranges(tmp_path, {}, NOW).ranges
    os.utime(path, (0, 0))
    (second,) = plan_ranges(tmp_path, {}, NOW + timedelta(days=1)).ranges
    assert first.name == second.name


def test_a_line_that_was_read_past_the_end_of_its_range_is_not_read_again(tmp_path: Path, small_grid: None) -> None:
    land(tmp_path, "web/a.ndjson", b"a-long-line-of-24-bytes\ny\n")
    assert [(r.start, r.end) for r in plan_ranges(tmp_path, {"web/a.ndjson": 24}, NOW).ranges] == [(24, 26)]


def test_a_segment_that_grew_within_a_line_ingested_up_to_the_grid_is_refused(tmp_path: Path, small_grid: None) -> None:
    land(tmp_path, "web/a.ndjson", b"x\n456789" + b"and-more\nz\n")  # 8 bytes are ingested: a cell of the grid
    planned = plan_ranges(tmp_path, {"web/a.ndjson": 8}, NOW)
    assert planned.ranges == []
    assert "unfinished last line" in planned.refused["web/a.ndjson"]


def test_a_name_that_is_not_utf8_is_refused_and_shown_and_the_others_are_planned(tmp_path: Path) -> None:
    land(tmp_path, os.fsdecode(b"web/\xb6\xa9\xb5\xa5.ndjson"), b"x\n")  # GBK
    land(tmp_path, "web/订单\u3000[1].ndjson", b"x\n")
    planned = plan_ranges(tmp_path, {}, NOW)
    assert [r.segment for r in planned.ranges] == ["web/订单\u3000[1].ndjson"]
    assert planned.refused == {
        r"web/\udcb6\udca9\udcb5\udca5.ndjson": r"landing/web/\udcb6\udca9\udcb5\udca5.ndjson has a name that is not "
        "UTF-8; rename it and run ingest again"
    }


def test_the_tail_of_a_line_of_many_ranges_is_passed_over_and_not_held(tmp_path: Path) -> None:
    path = land(tmp_path, "web/a.ndjson", b"x" * 20_000_000 + b"\ny\n")
    tracemalloc.start()
    try:
        assert read_lines(path, 16, 32) == (b"", 20_000_001)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
