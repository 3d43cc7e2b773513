"""What to ingest next: the parts of landing that are neither published nor decoded, cut on a fixed grid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.ingest.ranges import LandingRange
from pipelines.landing import Segment, list_segments

# Small enough that a range in memory, decoded, stays below 100 MB; large enough that its overhead does not show.
GRID_BYTES = 16 * 1024 * 1024

# A cycle: seldom enough to publish, small enough to hold its event ids in memory and its files open.
MAX_CYCLE_BYTES = 1 << 30
MAX_CYCLE_RANGES = 500

# A writer that has not touched an unfinished last line for so long will not finish it.
SETTLED_AFTER = timedelta(seconds=60)


@dataclass
class Plan:
    """The ranges to decode, in the order of landing, and segments that cannot be trusted, with the reason.

    `gaps` say, by segment, what is missing between what was ingested and what the landing still holds.
    """

    ranges: list[LandingRange] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)


def plan_ranges(landing: Path, done_until: Mapping[str, int], now: datetime, *, is_following: bool = False) -> Plan:
    """Cut what is new in landing into ranges, as many as one cycle takes, in the order of landing.

    `done_until` says for each segment the byte up to which it is published, the end of a line. While following, a last line
    without its line feed is left until its writer has finished it, or has been silent for a minute.
    """
    plan = Plan()
    room = MAX_CYCLE_BYTES
    for segment in list_segments(landing):
        if _is_not_utf8(segment.name):
            shown = ascii(segment.name)[1:-1]
            plan.refused[shown] = f"landing/{shown} has a name that is not UTF-8; rename it and run ingest again"
            continue
        start = done_until.get(segment.name, 0)
        refusal = _refusal(landing, segment, start)
        if refusal:
            plan.refused[segment.name] = refusal
            continue
        end = segment.size_bytes
        landed_at = datetime.fromtimestamp(segment.modified_ns / 1e9, UTC)
        if is_following and now - landed_at < SETTLED_AFTER:
            end = _last_line_end(landing / segment.name, start, end)
        for low, high in _cut(start, end):
            if room <= 0 or len(plan.ranges) == MAX_CYCLE_RANGES:
                return plan
            room -= high - low
            plan.ranges.append(
                LandingRange(
                    source=segment.source,
                    segment=segment.name,
                    start=low,
                    end=high,
                    landed_at=landed_at,
                    ingested_at=now,
                )
            )
    return plan


def _is_not_utf8(name: str) -> bool:
    # Python reads such a byte as a lone surrogate; it can stand neither in a manifest nor in a table.
    return any("\ud800" <= character <= "\udfff" for character in name)


def _cut(start: int, end: int) -> Iterable[tuple[int, int]]:
    while start < end:
        high = min(end, (start // GRID_BYTES + 1) * GRID_BYTES)
        yield start, high
        start = high


def _refusal(landing: Path, segment: Segment, done_until: int) -> str | None:
    """Why new bytes of a segment cannot be told from old ones; None when all is well."""
    if segment.size_bytes < done_until:
        return (
            f"landing/{segment.name} is shorter than what was ingested of it ({segment.size_bytes} of {done_until} "
            "bytes): segments only grow; put new lines into a file of another name"
        )
    if 0 < done_until < segment.size_bytes and not _ends_line(landing / segment.name, done_until):
        return (
            f"landing/{segment.name} grew after its unfinished last line was ingested (byte {done_until}); put the "
            "new lines into a file of another name"
        )
    return None


def _ends_line(path: Path, position: int) -> bool:
    with path.open("rb") as file:
        file.seek(position - 1)
        return file.read(1) == b"\n"


def _last_line_end(path: Path, start: int, end: int) -> int:
    """The byte after the last line feed in [start, end); `start` when there is none."""
    with path.open("rb") as file:
        position = end
        while position > start:
            low = max(start, position - 65536)
            file.seek(low)
            found = file.read(position - low).rfind(b"\n")
            if found >= 0:
                return low + found + 1
            position = low
    return start
