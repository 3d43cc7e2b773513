"""What a range holds when it is read: blocks of lines, each of one source, that know where their lines stand."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """Whole lines of one source; only the last may lack its line feed.

    `first_byte` is where the first line starts in its file. Lines that are records have `offsets` instead, one a line,
    and `originals`: by line, the bytes of those that could not be taken as they are.
    """

    source: str
    lines: bytes
    first_byte: int = 0
    offsets: NDArray[np.int64] | None = None
    originals: dict[int, bytes] = field(default_factory=dict)

    def place_rejects(self, rejects: pa.Table) -> pa.Table:
        """Put each refused line where it stands in its segment, and give it the bytes it had there."""
        if self.offsets is None or not rejects.num_rows:
            return rejects
        data = np.frombuffer(self.lines, np.uint8)
        starts = np.concatenate(([0], np.flatnonzero(data == ord("\n")) + 1))
        rows = np.searchsorted(starts, rejects["byte_offset"].to_numpy())
        raw = rejects["raw"].to_pylist()
        if self.originals:
            raw = [self.originals.get(row, bytes_) for row, bytes_ in zip(rows.tolist(), raw, strict=True)]
        columns = {
            **{name: rejects[name] for name in rejects.column_names},
            "byte_offset": pa.array(self.offsets[rows]),
            "raw": pa.array(raw, pa.binary()),
        }
        return pa.table(columns, schema=rejects.schema)


@dataclass(frozen=True)
class RangeContent:
    """All that was read of a range. `received_at` dates its rejects."""

    blocks: list[Block]
    read_until: int
    received_at: datetime
    missing_count: int = 0
