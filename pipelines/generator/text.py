"""Text in bulk: ids, instants and money as bytes of fixed width, and JSON pieces joined by Arrow."""

import json
from collections.abc import Sequence

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


def _table(texts: Sequence[str]) -> Bytes:
    """Texts of equal width as a matrix."""
    return np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(len(texts), -1)


_DATES = _table([str(day) for day in np.arange(_FIRST_DAY, _LAST_DAY)])
_FIRST_DAY_NUMBER = int(_FIRST_DAY.astype(np.int64))
_CLOCK = _table([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86_400)])
_THOUSANDTHS = _table([f"{each:03d}" for each in range(1000)])
_HEX = _table([f"{each:02x}" for each in range(256)])


def instants(at: Ints, digits: int, suffix: str) -> Bytes:
    """RFC 3339 texts with 0, 3 or 6 decimals of the second; `Z`, else a fixed `+08:00`."""
    local = at if suffix == "Z" else at + 8 * HOUR
    second = local // SECOND
    pieces: list[str | Bytes] = [_DATES[local // DAY - _FIRST_DAY_NUMBER], "T", _CLOCK[second % 86_400]]
    if digits:
        fraction = local - second * SECOND
        pieces += [".", _THOUSANDTHS[fraction // 1000]]
        if digits > 3:  # noqa: PLR2004 - milliseconds, then microseconds
            pieces.append(_THOUSANDTHS[fraction % 1000])
    return side_by_side(len(at), *pieces, suffix)


def hexadecimals(words: npt.NDArray[np.uint64]) -> Bytes:
    """16 hexadecimal digits a word."""
    return _HEX[words.astype(">u8").view(np.uint8)].reshape(len(words), 16)


def side_by_side(count: int, *pieces: str | Bytes) -> Bytes:
    """Matrices and constant texts (ASCII), joined row by row."""
    blocks = [np.frombuffer(each.encode(), dtype=np.uint8)[None, :] if isinstance(each, str) else each for each in pieces]
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


def join(*pieces: pa.Array) -> pa.Array:
    """The pieces of each row, one after the other, as bytes."""
    joined = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))
    return pa.Array.from_buffers(pa.large_binary(), len(joined), joined.buffers(), offset=joined.offset)


def money(amount: int) -> str:
    """Ten-thousandths of a yuan as exact decimal text with two to four decimals."""
    whole, rest = divmod(amount, PRICE_SCALE)
    if rest % 100 == 0:
        return f"{whole}.{rest // 100:02d}"
    return f"{whole}.{rest:04d}".rstrip("0")


def quoted(text: str, *, is_ascii: bool = False) -> str:
    """The text as a JSON string."""
    return json.dumps(text, ensure_ascii=is_ascii)
