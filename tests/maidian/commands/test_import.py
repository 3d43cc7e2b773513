"""`maidian import` as a person calls it: what it prints, and its exit codes."""

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from maidian import cli
from schemas.lake.lake import create_lake

VIEWS = """
source = "shop"
[[drop]]
name = "own people"
when = { column = "visitor", is = "us" }
[[event]]
type = "view"
[event.fields]
event_id = "{row_number}"
occurred_at = "{time}"
anonymous_id = "{visitor}"
sku_id = "{product}"
"""

ROWS = """time,visitor,product
2026-11-20T09:00:00Z,v1,P1
2026-11-20T09:00:00Z,us,P1
soon,v2,P1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "views.toml").write_text(VIEWS)
    (tmp_path / "views.csv").write_text(ROWS)
    return tmp_path


def maidian(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, arguments, env={"MAIDIAN_LAKE": None, "MAIDIAN_LANDING": None})


def test_table_adds_up_and_refused_rows_are_shown(folder: Path) -> None:
    done = maidian("import", "views.csv", "--mapping", "views.toml")
    assert (done.exit_code, done.stderr) == (0, "")
    first, *lines = done.stdout.splitlines()
    assert first.startswith("views.csv -> shop/")
    refused = list(folder.glob("lake/imports/shop/*.refused.ndjson"))
    assert [line.split() for line in lines] == [
        ["what", "became", "of", "the", "rows", "rows", "events"],
        ["read", "3"],
        ["=", "view", "1", "1"],
        ["=", "left", "out:", "own", "people", "1"],
        ["=", "refused", "1"],
        ["refused", "row", "3:", "occurred_at:", "time", "'soon'", "is", "not", "of", "the", "format", "iso"],
        ["all", "refused", "rows:", str(refused[0].relative_to(folder))],
    ]
    assert json.loads(refused[0].read_text()) == {
        "row": 3,
        "reason": "occurred_at: time 'soon' is not of the format iso",
        "values": {"time": "soon", "visitor": "v2", "product": "P1"},
    }


def test_again_says_so_and_ends_well(folder: Path) -> None:
    maidian("import", "views.csv", "--mapping", "views.toml")
    done = maidian("--lang", "zh", "import", "views.csv", "--mapping", "views.toml")
    assert done.exit_code == 0
    assert "此前已导入为 shop/" in done.stdout
    assert len(list(folder.glob("lake/landing/shop/*"))) == 1


def test_json_is_one_document_for_all_files(folder: Path) -> None:
    (folder / "more.csv").write_text(ROWS.replace("v1", "v9"))
    done = maidian("import", "views.csv", "more.csv", "--mapping", "views.toml", "--json", "--landing", "raw")
    first, second = json.loads(done.stdout)["files"]
    assert (first["read_count"], first["refused_count"], first["filtered_counts"]) == (3, 1, {"own people": 1})
    assert first["events"] == [{"event_type": "view", "status": None, "row_count": 1, "event_count": 1}]
    assert first["is_new"]
    assert (folder / "raw" / second["segment"]).exists()


def test_files_before_a_broken_one_stay_imported(folder: Path) -> None:
    (folder / "broken.csv.gz").write_bytes(gzip.compress(ROWS.encode())[:-9])
    done = maidian("import", "views.csv", "broken.csv.gz", "--mapping", "views.toml")
    assert done.exit_code == 2
    assert done.stderr == "error: broken.csv.gz is a broken or truncated gzip file; fetch it again\n"
    assert len(list(folder.glob("lake/landing/shop/*"))) == 1


def test_name_that_is_wrong_is_said_before_the_first_file_is_read(folder: Path) -> None:
    done = maidian("import", "views.csv", "nowhere.csv", "--mapping", "views.toml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: nowhere.csv: no such file\n"
    assert not (folder / "lake").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["views.csv"], "views.csv is no .ndjson or .jsonl file of events"),
        (["views.csv", "--mapping", "view.toml"], "view.toml: cannot be read"),
        (["views.csv", "--mapping", "otto"], "views.csv: none of its 4 rows became an event, 4 were refused; row 1: is not JSON"),
        (["views.csv", "--mapping", "online_retail"], "mapping online_retail: views.csv has no column 'Country'; known: time"),
        (["views.csv", "--mapping", "views.toml", "--source", "Shop 1"], "--source Shop 1: use only a to z"),
        (["."], ". is a directory"),
    ],
)  # fmt: skip
def test_what_a_person_got_wrong_is_one_line_and_exit_code_2(folder: Path, arguments: list[str], message: str) -> None:
    done = maidian("import", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(folder.glob("lake/**/*.ndjson*"))


def test_lake_that_cannot_be_written_is_exit_code_1(folder: Path) -> None:
    (folder / "file").write_text("")
    done = maidian("import", "views.csv", "--mapping", "views.toml", "--landing", "raw", "--lake", "file/x")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: file/x/imports/shop/")
    assert not list(folder.glob("raw/**/*.ndjson"))


def test_a_master_becomes_its_table_and_says_so(folder: Path) -> None:
    (folder / "skus.csv").write_text("code,title\nYP2,b\nYP1,a\n")
    (folder / "skus.toml").write_text('[fields]\nsku_id = "{code}"\nname = "{title}"\n')
    arguments = ("import", "--as", "skus", "skus.csv", "--mapping", "skus.toml")
    none = maidian(*arguments)
    assert (none.exit_code, none.stderr) == (2, "error: no lake at lake; make one with `maidian init --lake lake`\n")
    create_lake(folder / "lake")
    done = maidian(*arguments)
    assert (done.exit_code, done.stdout) == (0, "skus.csv -> table skus: 2 rows, in place of what it held\n")
    again = maidian("import", "--as", "skus", "skus.csv", "--mapping", "skus.toml", "--json")
    assert (json.loads(again.stdout)["row_count"], json.loads(again.stdout)["is_new"]) == (2, False)
    (path,) = (folder / "lake" / "skus" / "current").glob("imported_date=*/*.parquet")
    assert pq.ParquetFile(path).read(columns=["sku_id", "name"]).to_pylist() == [
        {"sku_id": "YP1", "name": "a"},
        {"sku_id": "YP2", "name": "b"},
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["views.csv"], "--as skus needs --mapping"),
        (["views.csv", "views.csv", "--mapping", "demo_skus"], "--as skus takes one file"),
        (["views.csv", "--mapping", "demo_skus", "--source", "x"], "--source is for events"),
        (["views.csv", "--mapping", "demo_sku"], "did you mean demo_skus?"),
        (["views.csv", "--mapping", "demo_skus"], "mapping demo_skus: views.csv has no column 'brand'"),
    ],
)
def test_what_is_wrong_with_a_master_is_one_line(folder: Path, arguments: list[str], message: str) -> None:
    create_lake(folder / "lake")
    done = maidian("import", "--as", "skus", *arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
