"""`maidian sql` as a person runs it."""

import csv
import io
import json
import os
import pty
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.commands import command_line, environment, maidian

# The first to ask for the demo builds it.
pytestmark = pytest.mark.timeout(600)

TOP = "SELECT query, search_count FROM search_terms WHERE window_days = 28 AND as_of = (SELECT max(as_of) FROM search_terms) ORDER BY ALL DESC LIMIT 5"


def test_one_answer_in_every_format(demo_lake: Path) -> None:
    answers = {
        shape: maidian("sql", "--lake", demo_lake, "-c", TOP, "--format", shape).stdout
        for shape in ("csv", "json", "ndjson")
    }
    rows = json.loads(answers["json"])
    assert len(rows) == 5
    assert [json.loads(line) for line in answers["ndjson"].splitlines()] == rows
    read = list(csv.DictReader(io.StringIO(answers["csv"])))
    assert [{**row, "search_count": int(row["search_count"])} for row in read] == rows
    assert rows[0]["query"] in maidian("sql", "--lake", demo_lake, "-c", TOP).stdout


def test_several_queries_come_in_order_whatever_standard_output_is(demo_lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        queries = ("-c", "SELECT 1 AS a; SELECT 2 AS b", "-c", "SELECT 3 AS c")
        command = command_line("sql", "--lake", demo_lake, *queries, "--format", "csv")
        subprocess.run(command, stdout=file, check=True, env=environment())
    assert out.read_text() == "a\n1\nb\n2\nc\n3\n"


def test_queries_on_standard_input(demo_lake: Path) -> None:
    done = subprocess.run(
        command_line("sql", "--lake", demo_lake, "--format", "csv"),
        input="SELECT count(*) > 0 AS some\nFROM sessions;\n",
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert done.stdout == "some\ntrue\n"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELEC 1", 'SQL: Parser Error: syntax error at or near "SELEC"'),
        ("SELECT nope FROM sessions", 'SQL: Binder Error: Referenced column "nope" not found'),
        ("FROM nowhere", "SQL: Catalog Error: Table with name nowhere does not exist"),
    ],
)
@pytest.mark.parametrize("shape", ["table", "csv"])
def test_what_cannot_be_answered_is_one_line(demo_lake: Path, query: str, reason: str, shape: str) -> None:
    done = maidian("sql", "--lake", demo_lake, "-c", query, "--format", shape, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr


def test_a_person_at_a_terminal(demo_lake: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command_line("sql", "--lake", demo_lake), stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    )
    os.close(theirs)
    os.write(ours, b"SELECT 40 +\n2 AS answer;\nSELEC;\nSELECT 7 AS after_an_error;\n.quit\n")
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(30) == 0
    text = shown.decode()
    for part in ("answer", "42", "Parser Error", "after_an_error"):
        assert part in text


def test_a_saved_database_opens_elsewhere(demo_lake: Path, tmp_path: Path) -> None:
    views, copies = tmp_path / "views.duckdb", tmp_path / "copies.duckdb"
    maidian("sql", "--lake", demo_lake, "--save", views)
    maidian("sql", "--lake", demo_lake, "--save", copies, "--copy")
    counts = []
    for file in (views, copies):
        with duckdb.connect(str(file), read_only=True) as connection:
            counts.append(connection.sql("SELECT count(*), sum(view_count) FROM sku_viewers").fetchall()[0])
            comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'skus' AND column_name = 'name'"
            assert "商品" in str(connection.sql(comment).fetchall()[0])
    assert counts[0] == counts[1]
    assert counts[0] is not None
    assert counts[0][0] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copies.duckdb", "views.duckdb"]


def test_a_file_that_is_there_is_not_overwritten_unasked(demo_lake: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.duckdb"
    file.write_text("mine")
    done = maidian("sql", "--lake", demo_lake, "--save", file, check=False)
    assert (done.returncode, file.read_text()) == (2, "mine")
    assert "add --replace" in done.stderr
    maidian("sql", "--lake", demo_lake, "--save", file, "--replace")
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.sql("SELECT count(*) > 0 FROM skus").fetchall()[0] == (True,)


@pytest.mark.parametrize(
    "options", [("--copy",), ("--replace",), ("--save", "x.duckdb", "-c", "SELECT 1"), ("--save", "nowhere/x.duckdb")]
)
def test_options_that_make_no_sense_together(demo_lake: Path, options: tuple[str, ...]) -> None:
    done = maidian("sql", "--lake", demo_lake, *options, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
