"""Replay: refused lines go out to be repaired, and the repaired ones go back through landing.

Nothing is ever added twice: a repaired line is an event with its own id, the segment's name is a function of its
bytes, and a line that nobody changed is left out.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import polars as pl

from pipelines.landing import SegmentExistsError, open_segment
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import current_snapshot
from schemas.tables.rejects import TABLE


class ReplayLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One refused line as a person repairs it: mend `raw`, leave the rest.

    `raw` is the line as text; bytes that are no text stand in `raw_base64` instead, and `raw` may be put in their
    place. `digest` tells whether the line was changed.
    """

    source: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]+$")]
    segment: str
    byte_offset: int
    kind: str
    reason: str
    digest: str
    field: str | None = None
    raw: str | None = None
    raw_base64: str | None = None

    def raw_bytes(self) -> bytes:
        """The line as it is now."""
        if self.raw is not None:
            return self.raw.encode()
        if self.raw_base64 is not None:
            return base64.b64decode(self.raw_base64, validate=True)
        raise ValueError("raw is missing")


@dataclass
class ReplayCounts:
    """What came of a repaired file: line_count = sent + unchanged + already sent."""

    line_count: int = 0
    sent_count: int = 0
    unchanged_count: int = 0
    already_sent_count: int = 0
    segments: list[str] = field(default_factory=list)


def refused_lines(
    lake: Lake,
    kinds: Sequence[str] = (),
    sources: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
) -> Iterator[ReplayLine]:
    """The rejects of the named kinds, sources and days (all when none are named), a day in memory at a time."""
    snapshot = current_snapshot(lake, TABLE.name)
    if snapshot is None:
        raise UsageError(f"the lake at {lake.name} has no rejects table yet; run `maidian ingest` first")
    for day in sorted(snapshot.manifest.partitions):
        if (first and date.fromisoformat(day) < first) or (last and date.fromisoformat(day) > last):
            continue
        rows = pl.read_parquet(lake.tables.fetch(snapshot.files([day])), hive_partitioning=False)
        if kinds:
            rows = rows.filter(pl.col("kind").is_in(kinds))
        if sources:
            rows = rows.filter(pl.col("source").is_in(sources))
        for row in rows.sort("source", "segment", "byte_offset").iter_rows(named=True):
            yield _replay_line(row)


def take_back(landing: Path, path: Path) -> ReplayCounts:
    """Send the repaired lines of a file to landing, one segment a source. All or nothing.

    Raises `UsageError` for a line that is not of the form `refused_lines` gives.
    """
    counts = ReplayCounts()
    repaired: dict[str, list[bytes]] = {}
    for number, text in enumerate(_read_lines(path), start=1):
        if not text.strip():
            continue
        counts.line_count += 1
        line, raw = _parse(path, number, text)
        if _digest(raw) == line.digest:
            counts.unchanged_count += 1
        else:
            repaired.setdefault(line.source, []).append(raw + b"\n")
    for source, lines in repaired.items():
        content = b"".join(lines)
        name = f"replay-{_digest(content)}"
        try:
            with open_segment(landing, source, name) as segment:
                segment.write(content)
        except SegmentExistsError:
            counts.already_sent_count += len(lines)
            continue
        counts.sent_count += len(lines)
        counts.segments.append(f"{source}/{name}.ndjson")
    return counts


def _replay_line(row: dict[str, Any]) -> ReplayLine:
    raw: bytes = row["raw"]
    line = ReplayLine(
        source=row["source"],
        segment=row["segment"],
        byte_offset=row["byte_offset"],
        kind=row["kind"],
        field=row["field"],
        reason=row["reason"],
        digest=_digest(raw),
    )
    try:
        line.raw = raw.decode()
    except UnicodeDecodeError:
        line.raw_base64 = base64.b64encode(raw).decode()
    return line


def _read_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{path} is not a file; give the repaired file that `maidian replay export` wrote") from None


def _parse(path: Path, number: int, text: bytes) -> tuple[ReplayLine, bytes]:
    try:
        line = msgspec.json.decode(text, type=ReplayLine)
        raw = line.raw_bytes()
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(
            f"{path} line {number}: {error}; keep the lines as `maidian replay export` wrote them and mend `raw` only"
        ) from None
    if b"\n" in raw:
        raise UsageError(f"{path} line {number}: raw has a line feed; an event is one line")
    return line, raw


def _digest(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=12).hexdigest()
