"""The log of runs survives what a crash does to it, and does not grow without end."""

from pathlib import Path

import pytest

from jobs.engine.history import RunRecord, append_record, log_path, read_records
from schemas.lake import line_log
from schemas.lake.lake import Lake, create_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def record(number: int) -> RunRecord:
    return RunRecord(command="run", started_at=f"2026-11-20T01:{number:02}:00+00:00")


def test_records_are_read_back_oldest_first(lake: Lake) -> None:
    assert read_records(lake) == []
    append_record(lake, record(1))
    append_record(lake, record(2))
    assert read_records(lake) == [record(1), record(2)]


def test_a_line_that_a_crash_cut_takes_no_other_with_it(lake: Lake) -> None:
    append_record(lake, record(1))
    with log_path(lake).open("ab") as file:
        file.write(b'{"command":"run","star')
    append_record(lake, record(2))
    assert read_records(lake) == [record(1), record(2)]


def test_a_log_that_has_grown_large_keeps_its_newer_half(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_log, "MAX_BYTES", 1000)
    for number in range(60):
        append_record(lake, record(number))
    kept = read_records(lake)
    assert kept[-1] == record(59)
    assert 3 < len(kept) < 20
    assert log_path(lake).stat().st_size < 2000
