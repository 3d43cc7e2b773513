"""Keys of orders that come back after others: noted beyond memory, so that a file of any size needs the same of it."""

import sys
from collections.abc import Iterator

import pyarrow as pa

from pipelines.imports.scratch import Scratch
from schemas.errors import UsageError

BUFFER_KEYS = 1 << 16


class ReturningKeys:
    """Notes the key and the first row of every group, and tells which keys came back.

    Where that is refused, all keys are checked whenever they have doubled: late enough to cost little, early enough
    not to read a large file to its end for nothing.
    """

    def __init__(self, scratch: Scratch, place: int, columns: str, *, refuses_early: bool = True) -> None:
        """`place` tells the `[[event]]`s of a mapping apart, `columns` is what this one groups by."""
        self._scratch = scratch
        self._table = f"keys_{place}"
        self._columns = columns
        self._keys: list[str] = []
        self._numbers: list[int] = []
        self._flushed_count = 0
        self._next_check = BUFFER_KEYS if refuses_early else sys.maxsize

    def note(self, keys: list[str], numbers: list[int]) -> None:
        """Take the keys and first row numbers of groups that start."""
        self._keys += keys
        self._numbers += numbers
        if len(self._keys) >= BUFFER_KEYS:
            self._flush()
            if self._flushed_count >= self._next_check:
                self.check()
                self._next_check = 2 * self._flushed_count

    def check(self) -> None:
        """Raise `UsageError` if any key came back."""
        for key, first, again in self.returning(1):
            raise UsageError(
                f"the rows of {self._columns} {key!r} do not lie together (row {first:,} and again row {again:,}); "
                'set rows = "scattered" beside group_by, and they are sorted first'
            )

    def returning(self, limit: int) -> list[tuple[str, int, int]]:
        """Keys that came back, with the first rows of their first and of their last group; at most `limit`."""
        if not self._flushed_count:
            return list(self._returning_in_memory())[:limit]
        self._flush()
        return self._scratch.connection.execute(
            f"SELECT key, min(number), max(number) FROM {self._table}"  # noqa: S608 - a name of ours
            f" GROUP BY key HAVING count(*) > 1 ORDER BY 2 LIMIT {limit}"
        ).fetchall()

    def _returning_in_memory(self) -> Iterator[tuple[str, int, int]]:
        last = dict(zip(self._keys, self._numbers, strict=True))
        if len(last) == len(self._keys):
            return
        first = dict(zip(reversed(self._keys), reversed(self._numbers), strict=True))
        came_back = [key for key in first if first[key] != last[key]]
        for key in sorted(came_back, key=first.__getitem__):
            yield key, first[key], last[key]

    def _flush(self) -> None:
        if not self._keys:
            return
        if not self._flushed_count:
            self._scratch.connection.execute(f"CREATE TABLE {self._table} (key VARCHAR, number UBIGINT)")
        self._scratch.insert(
            self._table, {"key": pa.array(self._keys, pa.string()), "number": pa.array(self._numbers, pa.uint64())}
        )
        self._flushed_count += len(self._keys)
        self._keys, self._numbers = [], []
