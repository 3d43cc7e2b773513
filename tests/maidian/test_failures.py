"""Failures are caused for real: /dev/full stands for a disk without space, and Beam pipelines run."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apache_beam as beam
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from maidian.failures import NO_SPACE, Failure, explain_failure
from schemas.errors import MaidianError, MistakesError, RefusedError, UsageError

ROWS = pl.DataFrame({"n": range(100_000)})


class TornError(RefusedError):
    """A narrower error than those of schemas.errors, as a package may declare."""


def failure_of(action: Callable[[], object], place: Path | None = None) -> Failure:
    with pytest.raises(BaseException) as caught:  # which class it is, is the library's affair
        action()
    return explain_failure(caught.value, place)


@pytest.mark.parametrize(("kind", "code"), [(MaidianError, 1), (UsageError, 2), (RefusedError, 3), (TornError, 3)])
def test_our_errors_say_their_line_and_exit_with_their_code(kind: type[MaidianError], code: int) -> None:
    assert explain_failure(kind("mapping.toml: no column\n'Qty'")) == Failure("mapping.toml: no column 'Qty'", code)


def test_mistakes_are_a_line_each() -> None:
    assert explain_failure(MistakesError(["a.toml: no\n  such key", "b.toml: empty"])) == Failure(
        "a.toml: no such key\nb.toml: empty", 2
    )


def test_our_error_behind_another_is_found() -> None:
    def wrap() -> None:
        try:
            raise UsageError("name the zone")
        except UsageError as error:
            raise RuntimeError("step failed") from error

    assert failure_of(wrap) == Failure("name the zone", 2)


def test_an_error_met_while_handling_a_missing_file_is_our_bug() -> None:
    def stumble() -> None:
        try:
            Path("/nowhere").stat()
        except OSError:
            {}["a"]

    failure = failure_of(stumble)
    assert failure.is_internal
    assert failure.message == "internal: KeyError: 'a' (run with --debug for the traceback)"


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file on a disk without space. Through a link: a library that removes what it failed to write removes that."""
    path = tmp_path / "full"
    path.symlink_to("/dev/full")
    return path


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"1"),
        ROWS.write_parquet,
        lambda path: ROWS.lazy().sink_parquet(path),
        lambda path: pq.write_table(pa.table({"n": range(100_000)}), path),
    ],
    ids=["python", "polars-write", "polars-sink", "pyarrow"],
)
def test_a_full_disk_is_named_by_the_lake_where_the_error_knows_no_path(
    write: Callable[[Path], object], full: Path
) -> None:
    assert failure_of(lambda: write(full), Path("shop/lake")) == Failure(f"shop/lake: {NO_SPACE}")
    assert Path("/dev/full").is_char_device()


def test_a_full_disk_without_any_path_is_still_one_line(full: Path) -> None:
    assert failure_of(lambda: full.write_bytes(b"1")) == Failure(NO_SPACE)


def test_a_full_disk_under_duckdb_is_named_by_its_own_path(full: Path) -> None:
    failure = failure_of(lambda: duckdb.sql(f"copy (from range(1000000)) to '{full}' (use_tmp_file false)"))
    assert failure == Failure(f"{full}: {NO_SPACE}")


@pytest.mark.parametrize(
    "read",
    [
        lambda path: path.read_bytes(),
        pl.read_parquet,
        lambda path: pl.scan_parquet(path).collect(),
        pq.read_table,
    ],
    ids=["python", "polars-read", "polars-scan", "pyarrow"],
)
def test_a_missing_file_is_named(read: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "gone.parquet"
    assert failure_of(lambda: read(path)).message == f"{path}: no such file or directory; check the path"


def test_a_directory_that_may_not_be_written_is_named() -> None:
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), "/mnt/lake/staging")
    assert explain_failure(error).message.startswith("/mnt/lake/staging: the file system is read-only;")
    # The text of Polars 2.1 on a read-only mount, which carries neither number nor path as attributes.
    polars = OSError("Read-only file system (os error 30): /mnt/lake/a.parquet")
    assert explain_failure(polars).message.startswith("/mnt/lake/a.parquet: the file system is read-only;")


def test_too_many_open_files_says_which_limit_to_raise() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "from maidian.failures import explain_failure\n"
        "files = []\n"
        "try:\n"
        "    while True: files.append(open('/dev/null'))\n"
        "except OSError as error: print(explain_failure(error).message)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("/dev/null: too many open files; raise the limit (ulimit -n)")


def test_an_unknown_number_keeps_the_systems_own_words() -> None:
    error = OSError(errno.ENOLINK, os.strerror(errno.ENOLINK), "/mnt/a")
    assert explain_failure(error) == Failure(str(error))


def test_out_of_memory_is_one_line() -> None:
    failure = failure_of(lambda: bytearray(2**62))
    assert failure.message.startswith("out of memory;")
    assert not failure.is_internal


def test_a_librarys_error_about_data_is_our_bug() -> None:
    assert failure_of(lambda: pl.DataFrame({"a": [1]}).select("b")).is_internal


class Fail(beam.DoFn):
    """Raises what it is told to, in whatever process Beam runs it."""

    def process(self, element: str) -> Iterator[str]:
        if element == "full disk":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/lake/staging")
        if element == "ours":
            raise UsageError("the lake's zone is Asia/Shanghai: leave --time-zone out")
        raise LookupError("a bug")
        yield


# multi_threading speaks to its workers as separate processes do: the error arrives as text alone.
@pytest.mark.parametrize("mode", ["in_memory", "multi_threading"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("full disk", Failure(f"/lake/staging: {NO_SPACE}")),
        ("ours", Failure("the lake's zone is Asia/Shanghai: leave --time-zone out", 2)),
    ],
)
def test_a_failure_inside_a_beam_worker_reads_the_same(mode: str, kind: str, expected: Failure) -> None:
    assert failure_of(lambda: run_pipeline(mode, kind)) == expected


def test_a_bug_inside_a_beam_worker_is_internal() -> None:
    failure = failure_of(lambda: run_pipeline("in_memory", "bug"))
    assert failure.is_internal
    assert "a bug" in failure.message


def run_pipeline(mode: str, kind: str) -> None:
    options = PipelineOptions([f"--direct_running_mode={mode}"])
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        _ = pipeline | beam.Create([kind]) | beam.ParDo(Fail())
