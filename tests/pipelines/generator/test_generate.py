"""Equal options give equal bytes; counts are exact; nothing is overwritten."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.generator.generate import generate
from pipelines.generator.options import GeneratorOptions
from schemas.errors import UsageError
from tests.pipelines.generator.small_shop import OPTIONS, Shop

SMALL = GeneratorOptions(events=700, days=4, seed=9, customers=30, skus=60, garbage_ratio=0.05)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_options_give_equal_bytes_in_another_process(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "here")
    code = (
        "import sys; from pathlib import Path; from datetime import date\n"
        "from pipelines.generator.generate import generate\n"
        "from pipelines.generator.options import GeneratorOptions\n"
        f"generate({SMALL!r}, Path(sys.argv[1]))"
    ).replace("datetime.date", "date")
    environment = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "America/New_York"}
    there = tmp_path / "there"
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment, timeout=100)
    assert files_of(tmp_path / "here") == files_of(there)


@pytest.mark.parametrize("change", [{"seed": 10}, {"end_date": date(2026, 1, 5)}])
def test_other_options_give_another_shop(tmp_path: Path, change: dict[str, object]) -> None:
    generate(SMALL, tmp_path / "one")
    generate(replace(SMALL, **change), tmp_path / "other")  # type: ignore[arg-type]
    one, other = (set(files_of(tmp_path / name / "landing").values()) for name in ("one", "other"))
    assert not one & other


def test_leaving_the_truth_out_changes_no_line(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "with")
    generate(replace(SMALL, has_truth=False), tmp_path / "without")
    for folder in ("landing", "masters"):
        assert files_of(tmp_path / "with" / folder) == files_of(tmp_path / "without" / folder)
    assert set(files_of(tmp_path / "without" / "truth")) == {"summary.json"}


def test_a_day_in_many_parts_and_small_segments_is_still_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.generator.shop.EVENTS_A_PART", 50)
    summary = generate(replace(SMALL, lines_per_segment=20), tmp_path)
    assert summary.accepted_count == SMALL.events
    contents = files_of(tmp_path / "landing").values()
    assert max(content.count(b"\n") for content in contents) == 20
    assert sum(content.count(b"\n") for content in contents) == summary.line_count


@pytest.mark.parametrize(
    "options",
    [
        GeneratorOptions(events=1, days=1),
        GeneratorOptions(events=5, days=30, customers=1, skus=1),
        GeneratorOptions(events=300, days=2, customers=3, skus=5, garbage_ratio=1.0),
        GeneratorOptions(events=400, days=40, customers=200, garbage_ratio=0.0),
    ],
)
def test_odd_sizes_are_exact_too(tmp_path: Path, options: GeneratorOptions) -> None:
    summary = generate(options, tmp_path)
    assert summary.accepted_count == options.events
    assert summary.rejected_count == options.garbage_count
    assert summary.line_count == summary.accepted_count + summary.rejected_count + summary.repeated_count


def test_the_summary_counts_what_is_there(shop: Shop) -> None:
    summary = shop.summary
    assert summary.accepted_count == OPTIONS.events
    assert summary.rejected_count == OPTIONS.garbage_count == 300
    assert summary.repeated_count > 0
    assert summary.line_count == summary.accepted_count + summary.rejected_count + summary.repeated_count
    assert summary.line_count == len(shop.lines)
    assert summary.byte_count == sum(len(line) + 1 for line in shop.lines.values())
    for source, counts in summary.by_source.items():
        lines = sum(segment.startswith(f"{source}/") for segment, _ in shop.lines)
        assert counts["line_count"] == lines
    types = [row["event_type"] for row in shop.first_rows()]
    assert summary.accepted_by_type == {name: types.count(name) for name in summary.accepted_by_type}
    document = json.loads((shop.out / "truth" / "summary.json").read_bytes())
    assert document["rejected_by_kind"] == summary.rejected_by_kind
    assert document["options"]["end_date"] == "2026-11-20"


def test_nothing_half_written_is_left(shop: Shop) -> None:
    assert not list(shop.out.rglob("*.tmp"))


@pytest.mark.parametrize("folder", ["landing", "truth", "masters"])
def test_what_exists_is_never_overwritten(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match=f"{folder} exists already"):
        generate(SMALL, tmp_path)
    assert list(files_of(tmp_path)) == [f"{folder}/mine.txt"]


def test_a_landing_of_its_own_place(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "out", landing=tmp_path / "lake" / "landing")
    assert list((tmp_path / "lake" / "landing").rglob("*.ndjson"))
    assert not (tmp_path / "out" / "landing").exists()


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    generate(SMALL, tmp_path, on_day=lambda day, events: told.append((day, events)))
    assert [day for day, _ in told] == [1, 2, 3, 4]
    assert told[-1][1] == SMALL.events


@pytest.mark.parametrize(
    "options", [{"events": 0}, {"days": 0}, {"seed": -1}, {"garbage_ratio": 1.5}, {"end_date": date(1999, 1, 1)}]
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        GeneratorOptions(**({"events": 10} | options))  # type: ignore[arg-type]
