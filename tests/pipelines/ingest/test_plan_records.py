"""The plan of a topic: every offset that is not published is in one range, those that are gone in one that says so."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest import plan_records
from pipelines.ingest.kafka_segments import TopicSegment, is_topic_segment, parse_segment
from pipelines.ingest.plan_records import PartitionBounds, plan_partitions

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def segment(partition: int) -> TopicSegment:
    return TopicSegment("events", "Ab_c-1", partition)


@given(
    partitions=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)), max_size=4),
    room=st.integers(1, 100),
)
def test_repeated_cycles_reach_every_offset_once(partitions: list[tuple[int, int, int]], room: int) -> None:
    """Each partition is (done, low, length)."""
    bounds = [PartitionBounds(segment(number), low, low + size) for number, (_, low, size) in enumerate(partitions)]
    done = {segment(number).name: until for number, (until, _, _) in enumerate(partitions)}
    started = dict(done)
    seen: dict[str, dict[int, bool]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_records, "GRID_RECORDS", 8)
        patch.setattr(plan_records, "MAX_CYCLE_RECORDS", room)
        while (plan := plan_partitions(bounds, done, NOW)).ranges:
            for wanted in plan.ranges:
                assert wanted.start == done[wanted.segment]
                assert wanted.is_gone or wanted.start // 8 == (wanted.end - 1) // 8
                for offset in range(wanted.start, wanted.end):
                    assert seen.setdefault(wanted.segment, {}).setdefault(offset, wanted.is_gone) == wanted.is_gone
                done[wanted.segment] = wanted.end
    for held in bounds:
        name = held.segment.name
        refused = started[name] > held.high
        assert (name in plan.refused) == refused
        expected = {} if refused else {offset: offset < held.low for offset in range(started[name], held.high)}
        assert seen.get(name, {}) == expected


def test_a_gap_is_told_with_its_offsets() -> None:
    plan = plan_partitions([PartitionBounds(segment(3), 4520, 5000)], {segment(3).name: 120}, NOW)
    assert plan.gaps == {
        segment(3).name: (
            "topic events, partition 3: the 4,400 records from offset 120 to 4,519 were gone before they were ingested "
            "(expired, or deleted)"
        )
    }


def test_a_range_that_is_gone_has_another_name_than_one_that_is_read() -> None:
    [gone] = plan_partitions([PartitionBounds(segment(0), 8, 8)], {}, NOW).ranges
    [read] = plan_partitions([PartitionBounds(segment(0), 0, 8)], {}, NOW).ranges
    assert (gone.start, gone.end) == (read.start, read.end)
    assert gone.name != read.name


def test_names_of_segments_come_back_and_are_no_files_names() -> None:
    assert parse_segment(segment(12).name) == segment(12)
    assert is_topic_segment(segment(12).name)
    assert not is_topic_segment("kafka/12.ndjson")
