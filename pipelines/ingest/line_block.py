"""Lines and the bytes they are cut from, and what the bytes show of all lines at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.ingest.instant_columns import Mask

Counts = NDArray[np.int64]

_QUOTE, _COLON, _SPACE = b'": '


@dataclass(frozen=True)
class LineBlock:
    """Line i starts at `starts[i]` of `data`."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lines: Sequence[bytes]

    def line_at(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """The lines that bytes belong to."""
        return np.searchsorted(self.starts, positions, side="right") - 1


def count_lengths(block: LineBlock) -> Counts:
    """The bytes of each line."""
    return np.fromiter(map(len, block.lines), np.int64, len(block.lines))


def count_keys(block: LineBlock) -> tuple[Counts, Mask]:
    """How often a quote and a colon stand together in each line, and whether space may stand before a colon.

    Without such space there are at least as many keys as that, at any depth.
    """
    colons = np.flatnonzero(block.data == _COLON)
    before = block.data[colons - 1]
    keys = colons[before == _QUOTE]
    spaced = colons[before <= _SPACE]
    two_before = block.data[spaced - 2]
    spaced = spaced[(two_before == _QUOTE) | (two_before <= _SPACE)]
    has_space = np.zeros(len(block.lines), np.bool_)
    has_space[block.line_at(spaced)] = True
    return np.diff(np.searchsorted(keys, np.append(block.starts, len(block.data)))), has_space


def find_not_utf8(block: LineBlock) -> set[int]:
    """The lines that are not UTF-8. A line feed is no part of another character, so each stands for itself."""
    offsets = pa.py_buffer(np.array([0, len(block.data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(block.data)).validate(full=True)
    except pa.ArrowInvalid:
        return {line for line, raw in enumerate(block.lines) if not raw.isascii() and not _is_utf8(raw)}
    return set()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
