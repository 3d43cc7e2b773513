"""A DuckDB database of ours in a temporary directory: where a stream needs to remember more than memory should hold."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from schemas.errors import MaidianError

MEMORY_LIMIT = "384MB"


@contextmanager
def open_scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that is gone afterwards. It lies where `TMPDIR` says, for it may grow as large as the file."""
    folder = Path(tempfile.mkdtemp(prefix="maidian-import-"))
    try:
        connection = duckdb.connect(
            str(folder / "scratch.duckdb"),
            config={"memory_limit": MEMORY_LIMIT, "threads": 1, "temp_directory": str(folder / "spill")},
        )
        with connection:
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        reason = str(error).splitlines()[0]
        raise MaidianError(
            f"cannot sort or check the rows in {folder} ({reason}); set TMPDIR to a directory with room for the file"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
