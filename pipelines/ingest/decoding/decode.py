"""Decoding: a block of landing to rows of `events` and to rejects, every line to exactly one of them.

Lines are proven together on a fast path; what cannot be proven there goes, one line at a time, to the exact path,
which alone says why a line is refused. Both are held to a slow reference decoder by the tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.garbage_collection import paused_collection
from pipelines.ingest.decoding.clock import Clock, local_days
from pipelines.ingest.decoding.exact_line import read_line
from pipelines.ingest.decoding.instants import SECOND, to_micros
from pipelines.ingest.decoding.line_block import LineBlock
from pipelines.ingest.decoding.proven_lines import prove_lines
from pipelines.ingest.decoding.reject import Reject
from schemas.events.rejects import MAX_LINE_BYTES
from schemas.tables.events import TABLE as EVENTS
from schemas.tables.rejects import TABLE as REJECTS

# Most blocks are one chunk. Chunks bound what a million empty lines take while they are objects, and keep a column of
# long texts below the 2 GiB that Arrow's offsets reach.
_LINES_A_CHUNK = 65_536
_BYTES_A_CHUNK = 256 * 1024 * 1024

_REJECT_COLUMNS = ("byte_offset", "kind", "field", "reason", "raw")
REJECTS_SCHEMA = pa.schema([REJECTS.schema.field(name) for name in _REJECT_COLUMNS])
"""The columns of the rejects table that decoding knows; the rest is known to whoever reads the segment."""

# What a line itself tells of an event; the two others are the same for the block, or follow from these.
_LINE_SCHEMA = pa.schema([field for field in EVENTS.schema if field.name not in ("event_date", "landing_source")])


@dataclass(frozen=True)
class DecodeLimits:
    """What is too long, too early or too late. The reason for each stands with the reject kind it belongs to."""

    max_line_bytes: int = MAX_LINE_BYTES
    max_future_seconds: int = 300
    max_age_days: int = 400
    max_clock_skew_seconds: int = 600


@dataclass(frozen=True)
class Decoded:
    """What became of a block's lines, each in the order of the lines: line_count = accepted + rejects."""

    accepted: pa.Table
    rejects: pa.Table
    line_count: int


def decode(
    block: bytes,
    *,
    first_byte: int,
    landing_source: str,
    time_zone: str,
    ingested_at: datetime,
    limits: DecodeLimits = DecodeLimits(),
) -> Decoded:
    """Decode whole lines (the last may lack its line feed), the first of which starts at `first_byte` of its segment.

    `accepted` has exactly the schema of the events table. Pure: no clock, no files.
    """
    clock = Clock(
        ingested_at=to_micros(ingested_at),
        time_zone=time_zone,
        max_clock_skew=limits.max_clock_skew_seconds * SECOND,
        max_future=limits.max_future_seconds * SECOND,
        max_age=limits.max_age_days * 86_400 * SECOND,
    )
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()  # what follows the last line feed is no line
    bounds = np.zeros(len(lines) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1, out=bounds[1:])
    bounds[-1] = len(block)
    accepted: list[pa.Table] = []
    rejects: list[pa.Table] = []
    for first, end in _chunks(bounds):
        chunk_bounds = bounds[first : end + 1]
        data = np.frombuffer(block, np.uint8, int(chunk_bounds[-1] - chunk_bounds[0]), int(chunk_bounds[0]))
        line_block = LineBlock(data, chunk_bounds - chunk_bounds[0], lines[first:end])
        rows, refused = _decode_lines(line_block, chunk_bounds[:-1] + first_byte, clock, limits)
        accepted.append(rows)
        rejects.append(refused)
    return Decoded(
        accepted=_events(pa.concat_tables([_LINE_SCHEMA.empty_table(), *accepted]), landing_source, time_zone),
        rejects=pa.concat_tables([REJECTS_SCHEMA.empty_table(), *rejects]),
        line_count=len(lines),
    )


def _chunks(bounds: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """The first and the end of the lines that are decoded together: at least one each."""
    first, count = 0, len(bounds) - 1
    while first < count:
        within = int(np.searchsorted(bounds, bounds[first] + _BYTES_A_CHUNK, side="right")) - 1
        end = max(first + 1, min(first + _LINES_A_CHUNK, within))
        yield first, end
        first = end


def _decode_lines(
    block: LineBlock, offsets: NDArray[np.int64], clock: Clock, limits: DecodeLimits
) -> tuple[pa.Table, pa.Table]:
    """Rows and rejects of one chunk, in the order of its lines."""
    with paused_collection():
        proven = prove_lines(block, clock, limits.max_line_bytes)
    is_left = np.ones(len(block.lines), np.bool_)
    is_left[proven.lines] = False
    exact = {row: read_line(block.lines[row], clock, limits.max_line_bytes) for row in np.flatnonzero(is_left).tolist()}
    rejects = [
        {"byte_offset": int(offsets[row]), "raw": block.lines[row], **vars(read)}
        for row, read in exact.items()
        if isinstance(read, Reject)
    ]
    rows = {row: read for row, read in exact.items() if not isinstance(read, Reject)}
    table = proven.table.select(_LINE_SCHEMA.names).cast(_LINE_SCHEMA)
    if rows:
        exact_table = pa.Table.from_pylist(list(rows.values()), schema=_LINE_SCHEMA)
        order = np.argsort(np.concatenate([proven.lines, list(rows)]), kind="stable")
        table = pa.concat_tables([table, exact_table]).take(pa.array(order))
    return table, pa.Table.from_pylist(rejects, schema=REJECTS_SCHEMA)


def _events(rows: pa.Table, landing_source: str, time_zone: str) -> pa.Table:
    occurred_at = rows["occurred_at"].cast(pa.int64()).to_numpy()
    columns = {
        **dict(zip(rows.column_names, rows.columns, strict=True)),
        "event_date": pa.array(local_days(occurred_at, time_zone), pa.int32()).cast(pa.date32()),
        "landing_source": pa.repeat(landing_source, rows.num_rows),
    }
    return pa.table([columns[name] for name in EVENTS.schema.names], schema=EVENTS.schema)
