"""How far each segment of landing is in the `events` table, and what came of its lines.

Kept as a list of immutable files named in the state of the `events` snapshot: rolling the table back makes the
segments un-ingested again, and the next ingest takes them in anew.
"""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from schemas.errors import MaidianError
from schemas.lake.durable import write_durably

INDEX = "ingest/index"
"""Below the lake: the immutable files that the state of `events` names, these and the runs of event ids."""

MAX_FILES = 8  # then they are merged into one; reading them all is the price of every plan


class Outcome(msgspec.Struct, kw_only=True):
    """What came of a segment's lines of one source: line_count = accepted_count + repeated_count + sum(rejected).

    A file has one source, a partition of a topic may have many. `missing_count` counts records that were gone before they
    could be read; they are no lines.
    """

    source: str
    segment: str
    end: int = 0
    line_count: int = 0
    accepted_count: int = 0
    repeated_count: int = 0
    rejected: dict[str, int] = msgspec.field(default_factory=dict)
    missing_count: int = 0

    def add(self, other: "Outcome") -> None:
        """Take in what came of a later range of the same segment, or of another segment for a total."""
        self.end = max(self.end, other.end)
        self.line_count += other.line_count
        self.accepted_count += other.accepted_count
        self.repeated_count += other.repeated_count
        self.missing_count += other.missing_count
        for kind, count in other.rejected.items():
            self.rejected[kind] = self.rejected.get(kind, 0) + count


Progress = dict[tuple[str, str], Outcome]
"""By segment and source."""


def read_progress(folder: Path, files: Sequence[str]) -> Progress:
    """All that is published, by segment and source."""
    return merge_outcomes(outcome for name in files for outcome in _read(folder / name))


def merge_outcomes(outcomes: Iterable[Outcome]) -> Progress:
    """One outcome a segment and source."""
    merged: Progress = {}
    for outcome in outcomes:
        key = (outcome.segment, outcome.source)
        merged.setdefault(key, Outcome(source=outcome.source, segment=outcome.segment)).add(outcome)
    return merged


def done_until(progress: Progress) -> dict[str, int]:
    """For each segment, the byte or offset up to which it is published."""
    ends: dict[str, int] = {}
    for (segment, _source), outcome in progress.items():
        ends[segment] = max(ends.get(segment, 0), outcome.end)
    return ends


def add_progress(folder: Path, files: Sequence[str], outcomes: Iterable[Outcome]) -> list[str]:
    """Write what a publish adds and return the new list of files. Old files stay for older snapshots."""
    kept = list(files)
    added = merge_outcomes(outcomes)
    if len(kept) >= MAX_FILES:
        added = merge_outcomes([*read_progress(folder, kept).values(), *added.values()])
        kept = []
    name = f"{secrets.token_hex(12)}.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / name, msgspec.json.encode(list(added.values())))
    return [*kept, name]


def _read(path: Path) -> list[Outcome]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Outcome])
    except msgspec.MsgspecError as error:
        raise MaidianError(f"{path} is damaged ({error}); roll `events` back to an older snapshot") from None
