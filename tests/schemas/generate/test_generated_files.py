"""The generated files are what the declarations say now, and nothing else lies beside them."""

from pathlib import Path

import pytest

from schemas.generate.__main__ import main
from schemas.generate.artefacts import VERSION_FOLDER, generated_files, stale_files, write_files
from schemas.tables import declared_tables

ROOT = Path(__file__).parents[3]


def test_no_generated_file_is_stale() -> None:
    assert stale_files(ROOT) == [], "run `python -m schemas.generate` and commit what it wrote"


def test_no_generated_file_is_left_over() -> None:
    on_disk = {str(path.relative_to(ROOT)) for path in (ROOT / VERSION_FOLDER).iterdir() if path.is_file()}
    assert on_disk <= set(generated_files())


def test_every_generated_file_says_how_it_is_made() -> None:
    assert [name for name, text in generated_files().items() if "python -m schemas.generate" not in text] == []


def test_the_dictionary_has_a_section_for_every_declared_table_and_a_row_for_every_column() -> None:
    page = generated_files()["docs/tables.md"]
    for table in declared_tables().values():
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| `")]
        assert rows == [f"`{column.name}`" for column in table.columns]


def test_writing_twice_writes_nothing_the_second_time(tmp_path: Path) -> None:
    assert write_files(tmp_path) == list(generated_files())
    assert write_files(tmp_path) == []
    assert not list(tmp_path.rglob("*.tmp"))


def test_check_names_the_stale_file_and_leaves_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    assert main(["--check"], tmp_path) == 0

    (tmp_path / "docs/events.md").write_text("by hand", encoding="utf-8")
    (tmp_path / "docs/tables.md").unlink()

    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        "docs/events.md is stale: run `python -m schemas.generate`",
        "docs/tables.md is stale: run `python -m schemas.generate`",
    ]
    assert (tmp_path / "docs/events.md").read_text(encoding="utf-8") == "by hand"
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
