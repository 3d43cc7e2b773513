"""Ranges: the unit of ingest. A range of a segment has one name, so a retry writes the same bytes to the same name.

A segment is a file of landing, counted in bytes, or a partition of a topic, counted in records (its offsets).

lake/ingest/ranges/<cycle>/<name>.events.parquet    accepted rows, one row group a business day
lake/ingest/ranges/<cycle>/<name>.rejects.parquet   refused lines
lake/ingest/ranges/<cycle>/<name>.ids.npy           the accepted lines in order: digest of the event id, row in the file
lake/ingest/ranges/<cycle>/<name>.json              the manifest; the range counts once this is there
lake/ingest/ranges/<cycle>/<name>.away              instead of all these: its broker did not answer

Each cycle has a folder of its own. Workers of a driver that was killed may go on for a while; what they write then is
in the folder of their own cycle, where it can neither mix with nor take away what a later cycle writes.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec

from schemas.errors import MaidianError
from schemas.lake.durable import sync_folder, write_durably
from schemas.lake.lake import Lake


def name_of(parts: Iterable[str]) -> str:
    """A short name that is a function of the parts: of a range, or of the ranges in a file."""
    text = "\0".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


class LandingRange(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A piece of a segment: the lines whose first byte lies in [start, end), or the records with these offsets.

    `source` is what a line's is when nothing else tells. `landed_at` is when the segment was last written; None for
    records, which have times of their own and never change. `ingested_at` is the clock of the run that planned it.
    `is_gone` says that the broker no longer holds the records: the range is nothing but the fact that they are missing.
    """

    source: str
    segment: str
    start: int
    end: int
    landed_at: datetime | None
    ingested_at: datetime
    is_gone: bool = False

    @property
    def name(self) -> str:
        """A function of the range alone."""
        gone = ("gone",) if self.is_gone else ()
        return name_of((self.segment, str(self.start), str(self.end), *gone))


class DaySlice(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one business day: row group `index` of the range's file, `row_count` rows."""

    day: date
    index: int
    row_count: int


class SourceLines(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the lines of one source in a range: line_count = accepted_count + rejected, repeats not yet told."""

    source: str
    line_count: int
    accepted_count: int
    rejected: dict[str, int]


class RangeManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a range. `sources` are in the order in which the range's files have their lines.

    `read_until` is where its last line ends: past the range's end as a rule, for that line was taken whole.
    `missing_count` counts offsets that hold no record any more.
    """

    range: LandingRange
    read_until: int
    sources: list[SourceLines]
    days: list[DaySlice]
    received_date: date
    missing_count: int = 0

    @property
    def name(self) -> str:
        """The range's name."""
        return self.range.name

    @property
    def accepted_count(self) -> int:
        """Rows in the events file, repeats included."""
        return sum(each.accepted_count for each in self.sources)

    @property
    def rejected_count(self) -> int:
        """Rows in the rejects file."""
        return sum(sum(each.rejected.values()) for each in self.sources)


def ranges_folder(lake_path: Path) -> Path:
    """Where the folders of cycles are."""
    return lake_path / "ingest" / "ranges"


def new_cycle(lake: Lake) -> Path:
    """The folder of a new cycle."""
    folder = ranges_folder(lake.path) / secrets.token_hex(6)
    folder.mkdir(parents=True)
    return folder


def events_file(folder: Path, name: str) -> Path:
    """Accepted rows of a range; there is none when there are no rows."""
    return folder / f"{name}.events.parquet"


def rejects_file(folder: Path, name: str) -> Path:
    """Refused lines of a range; there is none when there are none."""
    return folder / f"{name}.rejects.parquet"


def ids_file(folder: Path, name: str) -> Path:
    """The accepted lines' event ids. Shape (n, 3): two halves of the digest, and the row in the events file."""
    return folder / f"{name}.ids.npy"


def away_file(folder: Path, name: str) -> Path:
    """Says that the range's broker did not answer."""
    return folder / f"{name}.away"


def manifest_file(folder: Path, name: str) -> Path:
    """Makes the range count."""
    return folder / f"{name}.json"


def commit_manifest(folder: Path, manifest: RangeManifest) -> None:
    """Make the range count. Its files are durable by now."""
    write_durably(manifest_file(folder, manifest.name), msgspec.json.encode(manifest))


def committed_ranges(folder: Path) -> dict[str, RangeManifest]:
    """Ranges of a cycle that are decoded, by name."""
    manifests = {}
    for path in folder.glob("*.json"):
        try:
            manifests[path.stem] = msgspec.json.decode(path.read_bytes(), type=RangeManifest)
        except msgspec.MsgspecError as error:
            raise MaidianError(f"{path} is damaged ({error}); remove it and run ingest again") from None
    return manifests


def reuse_ranges(cycle: Path, planned: Iterable[LandingRange]) -> Mapping[str, RangeManifest]:
    """Take over what cycles that were killed have decoded of the plan; all else that they left is removed."""
    landed_at = {wanted.name: wanted.landed_at for wanted in planned}
    reused: dict[str, RangeManifest] = {}
    earlier = [path for path in cycle.parent.iterdir() if path != cycle]
    for folder in earlier:
        for name, manifest in committed_ranges(folder).items():
            is_wanted = name in landed_at and manifest.range.landed_at == landed_at[name]  # else the file has changed
            if is_wanted and name not in reused and _take_over(manifest, folder, cycle):
                reused[name] = manifest
    sync_folder(cycle)
    for path in earlier:
        if path.is_dir():
            forget_cycle(path)
        else:  # of a version that had no folders
            path.unlink(missing_ok=True)
    return reused


def forget_cycle(cycle: Path) -> None:
    """Remove a cycle that was published or taken over.

    A worker of a dead driver may be writing there this moment; what it leaves, the next cycle removes.
    """
    shutil.rmtree(cycle, ignore_errors=True)


def _take_over(manifest: RangeManifest, folder: Path, cycle: Path) -> bool:
    """Link the range's files, the manifest last; False when one is not there any more."""
    files = [
        *([events_file, ids_file] if manifest.accepted_count else []),
        *([rejects_file] if manifest.rejected_count else []),
        manifest_file,
    ]
    try:
        for file in files:
            os.link(file(folder, manifest.name), file(cycle, manifest.name))
    except FileNotFoundError:
        return False
    return True
