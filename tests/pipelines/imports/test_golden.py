"""Every folder of `golden/` is a case: a file, a mapping, and the events and counts a person worked out by hand.

A folder without a mapping.toml is named after the mapping of the package that it tries.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.imports.import_files import ImportPlaces, import_file, prepare_mapping
from pipelines.imports.load_mapping import shipped_mappings
from tests.pipelines.imports.small_mappings import rejects_of

CASES = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())


def parse(lines: str) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in lines.splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_file_becomes_the_events_worked_out_by_hand(case: Path, tmp_path: Path) -> None:
    own = case / "mapping.toml"
    mapping = prepare_mapping(str(own) if own.exists() else case.name)
    (file,) = case.glob("input.*")
    places = ImportPlaces(tmp_path / "landing", tmp_path / "imports")

    report = import_file(file, mapping, None, places)

    assert report.segment is not None
    written = (tmp_path / "landing" / report.segment).read_bytes()
    assert parse(written.decode()) == parse((case / "expected.ndjson").read_text("utf-8"))
    expected = json.loads((case / "expected_counts.json").read_text("utf-8"))
    assert {
        "read": report.read_count,
        "used_again": report.used_again_count,
        "events": [
            {name: getattr(each, name) for name in ("event_type", "status", "row_count", "event_count")}
            for each in report.events
        ],
        "filtered": report.filtered_counts,
        "differing": report.differing_counts,
        "refused": refused_rows(report.refused_file),
    } == {"differing": {}, **expected}
    assert report.unseen_columns == []
    assert rejects_of(written) == []


def refused_rows(path: str | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    rows = parse(Path(path).read_text("utf-8"))
    assert all(row["values"] for row in rows)
    return [{"row": row["row"], "reason": row["reason"]} for row in rows]


def test_every_mapping_of_the_package_has_a_case() -> None:
    assert set(shipped_mappings()) <= {case.name for case in CASES}
