"""Making and opening a lake: its time zone is fixed, and every wrong path is one clear line."""

import json
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.lake.lake import create_lake, open_lake
from tests.schemas.lake.small_table import put


def test_a_lake_keeps_the_time_zone_it_was_made_with(tmp_path: Path) -> None:
    create_lake(tmp_path / "lake", "Europe/London")
    assert open_lake(tmp_path / "lake").time_zone == "Europe/London"
    assert create_lake(tmp_path / "lake").time_zone == "Europe/London"
    assert create_lake(tmp_path / "shanghai").time_zone == "Asia/Shanghai"


@pytest.mark.parametrize("open_or_create", [open_lake, create_lake])
def test_another_time_zone_is_refused(tmp_path: Path, open_or_create: object) -> None:
    create_lake(tmp_path / "lake", "Europe/London")
    assert callable(open_or_create)
    with pytest.raises(UsageError, match="is of time zone Europe/London, not Asia/Shanghai"):
        open_or_create(tmp_path / "lake", "Asia/Shanghai")


def test_an_unknown_time_zone_makes_no_lake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown time zone 'Mars/Olympus'"):
        create_lake(tmp_path / "lake", "Mars/Olympus")
    assert not (tmp_path / "lake").exists()


def test_a_folder_that_is_no_lake_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no lake at .*; make one with `maidian init --lake"):
        open_lake(tmp_path)


def test_a_file_is_no_lake(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("")
    with pytest.raises(UsageError, match="is a file, not a lake"):
        open_lake(tmp_path / "lake")


@pytest.mark.parametrize("content", ["", "{}", '{"format": "one"}'])
def test_damaged_metadata_is_one_clear_error(tmp_path: Path, content: str) -> None:
    create_lake(tmp_path / "lake")
    (tmp_path / "lake" / "lake.json").write_text(content)
    with pytest.raises(UsageError, match=r"lake\.json cannot be read"):
        open_lake(tmp_path / "lake")


def test_a_lake_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    create_lake(tmp_path / "lake")
    path = tmp_path / "lake" / "lake.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(UsageError, match="is of format 2, this maidian reads up to 1"):
        open_lake(tmp_path / "lake")


def test_a_path_that_readers_would_take_for_a_partition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a ="):
        create_lake(tmp_path / "shop=1" / "lake")
    assert not (tmp_path / "shop=1").exists()


@pytest.mark.parametrize("folder", ["shop*", "shop?", "shop [1]"])
def test_a_path_that_readers_would_take_for_a_pattern_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UsageError, match="read as a pattern"):
        create_lake(tmp_path / folder / "lake")
    assert not (tmp_path / folder).exists()


def test_a_lake_behind_a_symbolic_link_keeps_its_name(tmp_path: Path) -> None:
    create_lake(tmp_path / "disk" / "lake")
    (tmp_path / "lake").symlink_to(tmp_path / "disk" / "lake")
    assert open_lake(tmp_path / "lake").path == tmp_path / "lake"


def test_the_tables_are_those_published(tmp_path: Path) -> None:
    lake = create_lake(tmp_path / "lake")
    assert lake.table_names() == []
    put(lake, {"2026-11-01": [1]})
    assert lake.table_names() == ["numbers"]
