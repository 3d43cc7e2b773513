"""Reading a range of a segment: the lines whose first byte lies in it, whole."""

from pathlib import Path
from typing import BinaryIO

from schemas.errors import MaidianError

_PIECE_BYTES = 1 << 20


def read_lines(path: Path, start: int, end: int) -> tuple[bytes, int]:
    """The bytes of every line that begins in [start, end), and where the first of them begins.

    The range before has the line that is under way at `start`; the last line is read past `end` to its line feed.
    """
    try:
        with path.open("rb") as file:
            first = start
            if start > 0:
                file.seek(start - 1)
                first = start - 1 + _skip_line(file)  # 1 when a line begins exactly at `start`
            if first >= end:
                return b"", first
            file.seek(end - 1)
            last = end - 1 + _skip_line(file)
            file.seek(first)
            block = file.read(last - first)  # at once: to put a last line behind 16 MiB would copy them all
            if last < end or len(block) < last - first:
                raise MaidianError(f"{path} became shorter while it was read; segments only grow")
            return block, first
    except FileNotFoundError:
        raise MaidianError(f"{path} was removed while it was being ingested; put it back and run again") from None


def _skip_line(file: BinaryIO) -> int:
    """How long the rest of the line is; it may be the tail of a line of many ranges, so it is not held in memory."""
    length = 0
    while piece := file.readline(_PIECE_BYTES):
        length += len(piece)
        if piece.endswith(b"\n"):
            break
    return length
