"""Ranges: the unit of ingest. A range of a segment has one name, so a retry writes the same bytes to the same name.

A segment is a file of landing, counted in bytes, or a partition of a topic, counted in records (its offsets).

lake/ingest/ranges/<name>.events.parquet    accepted rows, one row group a business day
lake/ingest/ranges/<name>.rejects.parquet   refused lines
lake/ingest/ranges/<name>.ids.npy           the accepted lines in order: digest of the event id, row in the file
lake/ingest/ranges/<name>.json              the manifest; the range counts once this is there
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import msgspec

from schemas.errors import MaidianError
from schemas.lake.durable import write_durably
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
    """Where decoded ranges wait to be published."""
    return lake_path / "ingest" / "ranges"


def events_file(lake_path: Path, name: str) -> Path:
    """Accepted rows of a range; there is none when there are no rows."""
    return ranges_folder(lake_path) / f"{name}.events.parquet"


def rejects_file(lake_path: Path, name: str) -> Path:
    """Refused lines of a range; there is none when there are none."""
    return ranges_folder(lake_path) / f"{name}.rejects.parquet"


def ids_file(lake_path: Path, name: str) -> Path:
    """The accepted lines' event ids. Shape (n, 3): two halves of the digest, and the row in the events file."""
    return ranges_folder(lake_path) / f"{name}.ids.npy"


def commit_manifest(lake_path: Path, manifest: RangeManifest) -> None:
    """Make the range count. Its files are durable by now."""
    write_durably(ranges_folder(lake_path) / f"{manifest.name}.json", msgspec.json.encode(manifest))


def committed_ranges(lake: Lake) -> dict[str, RangeManifest]:
    """Ranges that are decoded and not yet published, by name."""
    manifests = {}
    for path in ranges_folder(lake.path).glob("*.json"):
        try:
            manifests[path.stem] = msgspec.json.decode(path.read_bytes(), type=RangeManifest)
        except msgspec.MsgspecError as error:
            raise MaidianError(f"{path} is damaged ({error}); remove it and run ingest again") from None
    return manifests


def forget_range(lake_path: Path, name: str) -> None:
    """Remove a published range's files, the manifest first, so that no manifest is without its files."""
    (ranges_folder(lake_path) / f"{name}.json").unlink(missing_ok=True)
    for path in (events_file(lake_path, name), rejects_file(lake_path, name), ids_file(lake_path, name)):
        path.unlink(missing_ok=True)
