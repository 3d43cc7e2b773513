"""Keys of orders that come back after others: noted on disk, so that a file of any size needs the same memory."""

import sys

import duckdb
import pyarrow as pa

from schemas.errors import UsageError

BUFFER_KEYS = 1 << 16


class ReturningKeys:
    """Notes the key and the first row of every group, and tells which keys came back.

    Where that is refused, all keys are checked whenever they have doubled: late enough to cost little, early enough
    not to read a large file to its end for nothing.
    """

    def __init__(
        self, scratch: duckdb.DuckDBPyConnection, place: int, columns: str, *, refuses_early: bool = True
    ) -> None:
        """`place` tells the `[[event]]`s of a mapping apart, `columns` is what this one groups by."""
        self._scratch = scratch
        self._table = f"keys_{place}"
        self._columns = columns
        self._keys: list[str] = []
        self._numbers: list[int] = []
        self._count = 0
        self._next_check = BUFFER_KEYS if refuses_early else sys.maxsize
        scratch.execute(f"CREATE TABLE {self._table} (key VARCHAR, number UBIGINT)")

    def note(self, keys: list[str], numbers: list[int]) -> None:
        """Take the keys and first row numbers of groups that start."""
        self._keys += keys
        self._numbers += numbers
        if len(self._keys) >= BUFFER_KEYS:
            self._flush()
            if self._count >= self._next_check:
                self.check()
                self._next_check = 2 * self._count

    def check(self) -> None:
        """Raise `UsageError` if any key came back."""
        for key, first, again in self.returning(1):
            raise UsageError(
                f"the rows of {self._columns} {key!r} do not lie together (row {first:,} and again row {again:,}); "
                'set rows = "scattered" beside group_by, and they are sorted first'
            )

    def returning(self, limit: int) -> list[tuple[str, int, int]]:
        """Keys that came back, with the first rows of their first and of their last group; at most `limit`."""
        self._flush()
        return self._scratch.execute(
            f"SELECT key, min(number), max(number) FROM {self._table}"  # noqa: S608 - a name of ours
            f" GROUP BY key HAVING count(*) > 1 ORDER BY 2 LIMIT {limit}"
        ).fetchall()

    def _flush(self) -> None:
        if not self._keys:
            return
        buffered = pa.table({"key": pa.array(self._keys, pa.string()), "number": pa.array(self._numbers, pa.uint64())})
        self._scratch.register("buffered", buffered)
        self._scratch.execute(f"INSERT INTO {self._table} SELECT key, number FROM buffered")  # noqa: S608
        self._scratch.unregister("buffered")
        self._count += len(self._keys)
        self._keys, self._numbers = [], []
