"""Parquet files are whole or not there, a row group a slice, the same bytes every time."""

import errno
import os
import resource
import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.parquet import write_rows
from schemas.errors import MaidianError

SCHEMA = pa.schema([pa.field("event_id", pa.string(), nullable=False), pa.field("channel", pa.string())])
ROWS = pa.table({"event_id": ["a", "b", "c"], "channel": ["web", None, "web"]}, schema=SCHEMA)


def test_each_slice_is_a_row_group(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    chunked = pa.concat_tables([ROWS.slice(0, 1), ROWS.slice(1, 1)])
    write_rows(iter([chunked, ROWS.slice(0, 0), ROWS.slice(2, 1)]), path, SCHEMA)
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 1]
    assert file.read().equals(ROWS)
    assert file.schema_arrow.equals(SCHEMA)


def test_the_same_slices_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_rows([ROWS], tmp_path / name, SCHEMA)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_dictionary_is_kept_where_values_are_few(tmp_path: Path) -> None:
    write_rows([ROWS], tmp_path / "rows", SCHEMA)
    group = pq.read_metadata(tmp_path / "rows").row_group(0)
    assert [group.column(i).has_dictionary_page for i in (0, 1)] == [False, True]
    assert {group.column(i).compression for i in (0, 1)} == {"ZSTD"}


def test_no_rows_make_a_file_without_rows(tmp_path: Path) -> None:
    write_rows([], tmp_path / "rows", SCHEMA)
    assert pq.read_table(tmp_path / "rows").equals(ROWS.slice(0, 0))


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows([ROWS], path, SCHEMA)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not matching"):
        write_rows([ROWS, ROWS.rename_columns(["event_id", "other"])], path, SCHEMA)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MaidianError, match=r"cannot write .*No such file"):
        write_rows([ROWS], tmp_path / "missing" / "rows.parquet", SCHEMA)


def test_a_disk_that_takes_no_more_is_one_line(tmp_path: Path) -> None:
    rows = pa.table(
        {"event_id": [secrets.token_hex(50) for _ in range(2000)], "channel": ["web"] * 2000}, schema=SCHEMA
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # as a full disk, for files of this process
    try:
        with pytest.raises(MaidianError, match=os.strerror(errno.EFBIG)):
            write_rows([rows], tmp_path / "rows.parquet", SCHEMA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
