"""Replay: refused lines go out, are mended and come back; nothing is added twice."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from maidian.cli import cli
from pipelines.ingest.ingest import IngestJob, ingest
from pipelines.landing import open_segment
from schemas.lake.lake import Lake, create_lake
from schemas.lake.snapshots import current_snapshot

NOT_UTF8 = b'{"event_id":"\xb6\xa9"}'

Line = dict[str, Any]


def view(event_id: str) -> bytes:
    event = {"event_id": event_id, "event_type": "view", "occurred_at": "2024-11-20T10:00:00+08:00"}
    return json.dumps(event | {"customer_id": "C1", "sku_id": "S1"}).encode()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Refused are a line without a type, one that is no text, an empty one, and one of another source."""
    lake = create_lake(tmp_path / "lake")
    land(lake, "web", view("1"), view("2").replace(b"view", b"look"), NOT_UTF8, b"")
    land(lake, "app", view("3")[:-1])
    take_in(lake)
    return lake


def land(lake: Lake, source: str, *lines: bytes) -> None:
    with open_segment(lake.landing, source, "first") as segment:
        segment.write(b"".join(line + b"\n" for line in lines))


def take_in(lake: Lake) -> dict[str, int]:
    """Ingest, and how many lines there were of each source."""
    result = ingest(IngestJob(lake, lake.landing, lambda table, partitions: []))
    return {source: outcome.line_count for source, outcome in result.sources.items()}


def ids(lake: Lake) -> list[str]:
    snapshot = current_snapshot(lake, "events")
    assert snapshot is not None
    return sorted(pl.read_parquet(snapshot.files(), columns=["event_id"])["event_id"])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["replay", *map(str, arguments)])


def export(lake: Lake, *options: str) -> list[Line]:
    out = lake.path.with_name("rejects.ndjson")
    out.unlink(missing_ok=True)
    result = run("export", "--lake", lake.path, "--out", out, *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in out.read_bytes().splitlines()]


def take_back(lake: Lake, lines: list[Line]) -> Line:
    path = lake.path.with_name("mended.ndjson")
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    result = run("import", "--lake", lake.path, path, "--json")
    assert result.exit_code == 0, result.output
    counts: Line = json.loads(result.stdout)
    parts = counts["sent_count"] + counts["unchanged_count"] + counts["already_sent_count"]
    assert counts["line_count"] == parts
    return counts


def mend(line: Line) -> Line:
    if line["kind"] == "unknown_event_type":
        return line | {"raw": line["raw"].replace("look", "view")}
    if line["kind"] == "invalid_utf8":
        return line | {"raw": view("订").decode()}
    if line["kind"] == "malformed_json":
        return line | {"raw": line["raw"] + "}"}
    return line


def test_export_tells_where_each_line_stands_why_it_was_refused_and_its_bytes(lake: Lake) -> None:
    lines = export(lake)
    assert [(line["source"], line["segment"], line["kind"]) for line in lines] == [
        ("app", "app/first.ndjson", "malformed_json"),
        ("web", "web/first.ndjson", "unknown_event_type"),
        ("web", "web/first.ndjson", "invalid_utf8"),
        ("web", "web/first.ndjson", "empty"),
    ]
    landed = (lake.landing / "web/first.ndjson").read_bytes()
    for line in lines[1:]:
        raw = base64.b64decode(line["raw_base64"]) if "raw_base64" in line else line["raw"].encode()
        assert landed[line["byte_offset"] :].startswith(raw + b"\n")
        assert line["reason"].endswith(".")
    assert base64.b64decode(lines[2]["raw_base64"]) == NOT_UTF8


def test_export_never_writes_over_a_file_that_may_be_half_mended(lake: Lake, tmp_path: Path) -> None:
    out = tmp_path / "mended.ndjson"
    out.write_text("my work")
    result = run("export", "--lake", lake.path, "--out", out)
    assert result.exit_code == 2
    assert "half mended" in result.output
    assert out.read_text() == "my work"


def test_export_takes_kinds_sources_and_days(lake: Lake) -> None:
    assert [line["kind"] for line in export(lake, "--kind", "empty", "--kind", "malformed_json")] == [
        "malformed_json",
        "empty",
    ]
    assert [line["source"] for line in export(lake, "--source", "app")] == ["app"]
    assert export(lake, "--to", "2020-01-01") == []
    assert len(export(lake, "--from", "2020-01-01")) == 4


def test_mended_lines_are_taken_in_and_a_second_time_adds_nothing(lake: Lake) -> None:
    mended = [mend(line) for line in export(lake)]
    counts = take_back(lake, mended)
    assert (counts["sent_count"], counts["unchanged_count"]) == (3, 1)
    assert take_in(lake) == {"app": 1, "web": 2}
    assert ids(lake) == ["1", "2", "3", "订"]

    again = take_back(lake, mended)
    assert (again["sent_count"], again["already_sent_count"], again["segments"]) == (0, 3, [])
    assert take_in(lake) == {}
    assert ids(lake) == ["1", "2", "3", "订"]


def test_a_file_that_was_mended_further_adds_only_what_is_new(lake: Lake) -> None:
    lines = export(lake)
    take_back(lake, [mend(line) if line["kind"] == "unknown_event_type" else line for line in lines])
    take_in(lake)
    take_back(lake, [mend(line) for line in lines])
    take_in(lake)
    assert ids(lake) == ["1", "2", "3", "订"]


def test_lines_that_nobody_changed_are_left_out(lake: Lake) -> None:
    counts = take_back(lake, export(lake))
    assert (counts["line_count"], counts["unchanged_count"], counts["segments"]) == (4, 4, [])
    assert take_in(lake) == {}


def test_bytes_that_are_no_text_can_be_mended_as_base64(lake: Lake) -> None:
    (line,) = export(lake, "--kind", "invalid_utf8")
    take_back(lake, [line | {"raw_base64": base64.b64encode(view("4")).decode()}])
    take_in(lake)
    assert ids(lake) == ["1", "4"]


def without_raw(line: Line) -> str:
    return json.dumps({name: value for name, value in line.items() if name != "raw"})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda line: "{", "line 2: Input data was truncated"),
        (lambda line: json.dumps(line)[:-2] + "\\ud800" + '"}', "line 2: "),
        (lambda line: json.dumps(line | {"source": "../etc"}), "line 2: "),
        (lambda line: json.dumps(line | {"raw": line["raw"] + "\n{}"}), "line 2: raw has a line feed"),
        (lambda line: json.dumps(line | {"raw": None, "raw_base64": "!"}), "line 2: "),
        (without_raw, "line 2: raw is missing"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_sent(lake: Lake, spoil: Callable[[Line], str], message: str) -> None:
    good, line = export(lake)[:2]
    path = lake.path.with_name("mended.ndjson")
    path.write_text(json.dumps(mend(good)) + "\n" + spoil(line) + "\n")
    result = run("import", "--lake", lake.path, path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {path} {message}")
    assert result.stderr.count("\n") == 1
    assert take_in(lake) == {}


def test_what_is_not_there_is_wrong_usage(lake: Lake, tmp_path: Path) -> None:
    assert run("import", "--lake", lake.path, tmp_path / "none.ndjson").exit_code == 2
    assert run("import", "--lake", tmp_path / "none", tmp_path / "none.ndjson").exit_code == 2
    assert run("export", "--lake", lake.path, "--out", tmp_path / "none" / "out.ndjson").exit_code == 2
    empty = create_lake(tmp_path / "empty")
    assert "run `maidian ingest` first" in run("export", "--lake", empty.path, "--out", "-").stderr
