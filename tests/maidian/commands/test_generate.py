"""`maidian generate`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from maidian.cli import cli


def generate(out: Path, *arguments: str) -> Result:
    wanted = ["generate", "--events", "300", "--days", "3", "--out", str(out), *arguments]
    return CliRunner().invoke(cli, wanted)


def test_generate_says_what_it_wrote_and_what_is_next(tmp_path: Path) -> None:
    done = generate(tmp_path, "--garbage-ratio", "0.1")
    assert done.exit_code == 0
    first, *_, last = done.stdout.splitlines()
    assert "300 events + 30 to be rejected" in first
    assert last == f"next: maidian ingest --landing {tmp_path / 'landing'}"


def test_generate_as_json_is_one_document(tmp_path: Path) -> None:
    document = json.loads(generate(tmp_path, "--json").stdout)
    lines = sum(path.read_bytes().count(b"\n") for path in (tmp_path / "landing").rglob("*.ndjson"))
    assert document["line_count"] == lines
    assert document["accepted_count"] == 300


def test_options_reach_the_shop(tmp_path: Path) -> None:
    generate(tmp_path, "--end-date", "2026-02-28", "--customers", "7", "--skus", "11", "--seed", "5", "--no-truth")
    options = json.loads((tmp_path / "truth" / "summary.json").read_bytes())["options"]
    assert (options["start_date"], options["end_date"]) == ("2026-02-26", "2026-02-28")
    assert (options["customers"], options["skus"], options["seed"]) == (7, 11, 5)
    assert [path.name for path in (tmp_path / "truth").iterdir()] == ["summary.json"]


def test_a_second_generate_into_the_same_place_is_one_clear_line(tmp_path: Path) -> None:
    generate(tmp_path)
    again = generate(tmp_path)
    assert again.exit_code == 2
    expected = f"error: {tmp_path / 'landing'} exists already; remove it or name another directory\n"
    assert again.stderr == expected


def test_impossible_sizes_are_one_clear_line(tmp_path: Path) -> None:
    refused = generate(tmp_path, "--customers", "0")
    assert refused.exit_code == 2
    assert refused.stderr == "error: customers is 0; give 1 to 1000000\n"
    assert not list(tmp_path.iterdir())
