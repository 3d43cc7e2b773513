"""A DuckDB of ours with a temporary directory: where a stream must remember more than memory should hold."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from schemas.errors import MaidianError

MEMORY_LIMIT = "128MB"


class Scratch:
    """Opened when it is first used, which small files never do. It spills to where `TMPDIR` says, and is gone after."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database, in memory up to its limit and on disk beyond."""
        if self._connection is None:
            self._folder = Path(tempfile.mkdtemp(prefix="maidian-import-"))
            # One thread: the import is one process among others, and its own work waits for the answer.
            settings: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": MEMORY_LIMIT,
                "threads": 1,
                "temp_directory": str(self._folder),
            }
            self._connection = duckdb.connect(":memory:", config=settings)
        return self._connection

    def insert(self, table: str, columns: dict[str, pa.Array]) -> None:
        """Append rows to a table whose columns are these."""
        self.connection.register("added", pa.table(columns))
        self.connection.execute(f"INSERT INTO {table} SELECT * FROM added")  # noqa: S608 - names of ours
        self.connection.unregister("added")

    def __enter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing on the disk; a full one is said in one line."""
        if self._connection is not None:
            self._connection.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
            reason = " ".join(str(error).split())
            raise MaidianError(
                f"cannot sort the rows in {self._folder} ({reason}); set TMPDIR to a directory with room for the file"
            ) from error
