"""Text in bulk: ids, instants and money as bytes of fixed width, and JSON pieces joined by Arrow."""

import json
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.generator.catalogue import PRICE_SCALE
from pipelines.generator.devices import DAY, HOUR, SECOND
from pipelines.generator.dice import Ints

Bytes = npt.NDArray[np.uint8]
"""A matrix, one row a text."""

# Wide enough for a clock eight years slow at the earliest day the options allow, and fast at the latest.
_FIRST_DAY, _LAST_DAY = np.datetime64("1990-01-01"), np.datetime64("2100-01-01")


class _Rows:
    """A table of texts of one width. Whole rows are taken as one item each, which is many times faster than bytes."""

    def __init__(self, rows: npt.NDArray[np.bytes_]) -> None:
        self._width = rows.dtype.itemsize
        # Widths of a machine word go fastest; void takes any width.
        self._rows = rows.view({2: "u2", 4: "u4", 8: "u8"}.get(self._width, f"V{self._width}"))

    def take(self, which: npt.NDArray[np.integer]) -> Bytes:
        return self._rows.take(which).view(np.uint8).reshape(len(which), self._width)


_DATES = _Rows(np.arange(_FIRST_DAY, _LAST_DAY).astype("S10"))
_FIRST_DAY_NUMBER = int(_FIRST_DAY.astype(np.int64))
# A day's instants as NumPy writes them are 1970-01-01Thh:mm:ss.
_DAY_SECONDS = np.arange(86_400).astype("datetime64[s]").astype("S19")
_CLOCK = _Rows(np.ascontiguousarray(_DAY_SECONDS.view("S1").reshape(-1, 19)[:, 11:]).view("S8").ravel())
_THOUSANDTHS = _Rows(np.asarray([f".{each:03d}" for each in range(1000)], dtype="S4"))
_HEX = _Rows(np.asarray([f"{each:02x}" for each in range(256)], dtype="S2"))


def instants(at: Ints, digits: int, suffix: str) -> Bytes:
    """RFC 3339 texts with 0, 3 or 6 decimals of the second; `Z`, else a fixed `+08:00`."""
    local = at if suffix == "Z" else at + 8 * HOUR
    second = local // SECOND
    pieces: list[str | Bytes] = [_DATES.take(local // DAY - _FIRST_DAY_NUMBER), "T", _CLOCK.take(second % 86_400)]
    if digits:
        fraction = local - second * SECOND
        pieces.append(_THOUSANDTHS.take(fraction // 1000))
        if digits > 3:  # noqa: PLR2004 - milliseconds, then microseconds
            pieces.append(_THOUSANDTHS.take(fraction % 1000)[:, 1:])
    return side_by_side(len(at), *pieces, suffix)


def hexadecimals(words: npt.NDArray[np.uint64]) -> Bytes:
    """16 hexadecimal digits a word."""
    return _HEX.take(words.astype(">u8").view(np.uint8)).reshape(len(words), 16)


def side_by_side(count: int, *pieces: str | Bytes) -> Bytes:
    """Matrices and constant texts (ASCII), joined row by row."""
    blocks = [
        np.frombuffer(each.encode(), dtype=np.uint8)[None, :] if isinstance(each, str) else each for each in pieces
    ]
    joined = np.empty((count, sum(block.shape[1] for block in blocks)), dtype=np.uint8)
    start = 0
    for block in blocks:
        joined[:, start : start + block.shape[1]] = block
        start += block.shape[1]
    return joined


def texts(matrix: Bytes) -> pa.Array:
    """The rows as an Arrow array of strings, without a copy."""
    count, width = matrix.shape
    offsets = np.arange(0, (count + 1) * width, max(width, 1), dtype=np.int64)[: count + 1]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix))]
    return pa.Array.from_buffers(pa.large_string(), count, buffers)


def text_table(rows: Sequence[str]) -> pa.Array:
    """A look-up table of JSON pieces."""
    return pa.array(rows, type=pa.large_string())


def look_up(table: pa.Array, which: Ints) -> pa.Array:
    """One entry of the table for each number."""
    return table.take(pa.array(which))


def concat(*pieces: pa.Array | str) -> pa.Array:
    """The pieces of each row, one after the other; a plain text is the same in every row."""
    scalars = [pa.scalar(each, pa.large_string()) if isinstance(each, str) else each for each in pieces]
    return pc.binary_join_element_wise(*scalars, pa.scalar("", pa.large_string()))


def join(*pieces: pa.Array) -> pa.Array:
    """The pieces of each row, one after the other, as bytes."""
    joined = concat(*pieces)
    return pa.Array.from_buffers(pa.large_binary(), len(joined), joined.buffers(), offset=joined.offset)


@lru_cache(maxsize=1 << 16)
def money(amount: int) -> str:
    """Ten-thousandths of a yuan as exact decimal text with two to four decimals."""
    whole, rest = divmod(amount, PRICE_SCALE)
    if rest % 100 == 0:
        return f"{whole}.{rest // 100:02d}"
    return f"{whole}.{rest:04d}".rstrip("0")


def quoted(text: str, *, is_ascii: bool = False) -> str:
    """The text as a JSON string."""
    return json.dumps(text, ensure_ascii=is_ascii)
