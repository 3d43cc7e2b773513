"""A folder to keep events in: made where it is missing, and one line where it cannot be used."""

from pathlib import Path

import pytest

from pipelines.collector.landing import make_folder
from schemas.errors import MaidianError


def test_a_missing_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b", "spool", "spool_folder")
    make_folder(tmp_path / "a" / "b", "spool", "spool_folder")
    assert (tmp_path / "a" / "b").is_dir()


def test_where_a_file_stands_or_nothing_may_be_written_the_line_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MaidianError, match=r"cannot use the landing .*/file: File exists; give another --landing"):
        make_folder(tmp_path / "file", "landing", "--landing")
    with pytest.raises(MaidianError, match="cannot use the spool"):
        make_folder(Path("/proc/nowhere"), "spool", "spool_folder")  # where not even root makes one
