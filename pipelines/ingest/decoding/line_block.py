"""Lines and the bytes they are cut from, and what the bytes show of all lines at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.ingest.decoding.bisection import find_odd
from pipelines.ingest.decoding.instant_columns import Mask

Counts = NDArray[np.int64]

_QUOTE, _COLON, _SPACE = b'": '


@dataclass(frozen=True)
class LineBlock:
    """Line i is `data[bounds[i] : bounds[i + 1]]`, its line feed included; the last may have none."""

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    lines: Sequence[bytes]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each line starts."""
        return self.bounds[:-1]

    def line_at(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """The lines that bytes belong to."""
        return np.searchsorted(self.starts, positions, side="right") - 1


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
    return np.diff(np.searchsorted(keys, block.bounds)), has_space


def find_not_utf8(block: LineBlock) -> set[int]:
    """The lines that are not UTF-8. A line feed is no part of another character, so lines stand for themselves."""
    count = len(block.lines)
    return set(find_odd(count, count, lambda first, end: _is_utf8(block.data[block.bounds[first] : block.bounds[end]])))


def _is_utf8(data: NDArray[np.uint8]) -> bool:
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
