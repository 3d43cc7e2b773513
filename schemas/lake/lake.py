"""One lake: a folder with `lake.json`, the tables, the landing and the staging area.

    lake/lake.json                     format and time zone, fixed when the lake is made
    lake/landing/<source>/*.ndjson     the raw log, unless it is kept elsewhere
    lake/<table>/current               -> snapshots/<id>
    lake/<table>/snapshots/<id>/       plain hive Parquet
    lake/<table>/snapshots/<id>.json   the manifest, beside the directory
    lake/staging/<writer>/<build>/     what is being built; never under anything globbed
    lake/ingest/                       decoded ranges not yet published, and the index of event ids
    lake/locks/

Temporary names lie beside what they become, so that a rename is all it takes. A lake in an object store has the tables and
`ingest/index` there, and the rest in a folder of each machine: see storage/object_lake.py.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schemas.errors import UsageError
from schemas.lake.durable import write_durably
from schemas.lake.place import LakePlace, StorePlace

if TYPE_CHECKING:
    from schemas.lake.storage.kept_files import KeptFiles
    from schemas.lake.storage.tables import Tables

FORMAT = 1
DEFAULT_TIME_ZONE = "Asia/Shanghai"


class LakeMetadata(msgspec.Struct, kw_only=True):
    """What `lake.json` holds."""

    format: int
    time_zone: str
    created_at: str


@dataclass(frozen=True)
class Lake:
    """An opened lake. `path` is its folder or, where it is in the object store `place`, this machine's folder for it."""

    path: Path
    time_zone: str
    place: StorePlace | None = None

    @property
    def name(self) -> str:
        """Where it is, for a person."""
        return str(self.place or self.path)

    @property
    def landing(self) -> Path:
        """Where the raw log lies unless the caller keeps it elsewhere."""
        return self.path / "landing"

    @property
    def tables(self) -> "Tables":
        """What is published."""
        if self.place is not None:
            from schemas.lake.storage.object_lake import tables_of

            return tables_of(self)
        from schemas.lake.storage.folder import FolderTables

        return FolderTables(self)

    @property
    def kept(self) -> "KeptFiles":
        """The files that last and are no tables."""
        if self.place is not None:
            from schemas.lake.storage.object_lake import kept_files_of

            return kept_files_of(self)
        from schemas.lake.storage.kept_files import FolderFiles

        return FolderFiles(self.path)

    def lock_path(self, name: str) -> Path:
        """The lock of a writer (`ingest`, `run`) or of a table while it is published."""
        return self.path / "locks" / f"{name}.lock"

    def staging(self, writer: str) -> Path:
        """The staging area of a writer, on the same file system as the tables."""
        return self.path / "staging" / writer

    def fresh_staging(self, writer: str) -> Path:
        """The staging area, emptied of what a dead process left. Call it with the writer's lock held."""
        staging = self.staging(writer)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        return staging

    def table_names(self) -> list[str]:
        """Tables that have been published at least once, by name."""
        return self.tables.names()


def is_lake(place: LakePlace) -> bool:
    """Whether there is a lake."""
    if isinstance(place, StorePlace):
        from schemas.lake.storage.object_lake import is_object_lake

        return is_object_lake(place)
    return (place / "lake.json").exists()


def create_lake(place: LakePlace, time_zone: str | None = None) -> Lake:
    """Make a lake, or open the one that is there. UsageError when it is of another zone or the zone is unknown."""
    if isinstance(place, StorePlace):
        from schemas.lake.storage.object_lake import create_object_lake

        return create_object_lake(place, time_zone)
    path = place
    if (path / "lake.json").exists():
        return open_lake(path, time_zone)
    zone = time_zone or DEFAULT_TIME_ZONE
    check_zone(zone)
    folder = absolute(path)
    path.mkdir(parents=True, exist_ok=True)
    made = LakeMetadata(format=FORMAT, time_zone=zone, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
    write_durably(path / "lake.json", msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return Lake(folder, zone)


def open_lake(place: LakePlace, time_zone: str | None = None) -> Lake:
    """Open a lake. UsageError when there is none, or it is of another time zone or of a newer format."""
    if isinstance(place, StorePlace):
        from schemas.lake.storage.object_lake import open_object_lake

        return open_object_lake(place, time_zone)
    try:
        content = (place / "lake.json").read_bytes()
    except FileNotFoundError:
        raise UsageError(f"no lake at {place}; make one with `maidian init --lake {place}`") from None
    except NotADirectoryError:
        raise UsageError(f"{place} is a file, not a lake; give the lake's folder with --lake") from None
    return Lake(absolute(place), checked_zone(content, str(place), time_zone))


def checked_zone(content: bytes, where: str, time_zone: str | None) -> str:
    """The time zone that `lake.json` says. UsageError when that is another, or the lake is not one we can read."""
    try:
        metadata = msgspec.json.decode(content, type=LakeMetadata)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{where}/lake.json cannot be read ({error}); restore it from a backup") from None
    if metadata.format > FORMAT:
        raise UsageError(
            f"the lake at {where} is of format {metadata.format}, this maidian reads up to {FORMAT}; use a newer one"
        )
    if time_zone is not None and time_zone != metadata.time_zone:
        raise UsageError(
            f"the lake at {where} is of time zone {metadata.time_zone}, not {time_zone}: its business days are fixed; "
            "leave --time-zone out, or make another lake"
        )
    check_zone(metadata.time_zone)
    return metadata.time_zone


def absolute(path: Path) -> Path:
    """The path in full. UsageError for one that tools would misread."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would rename a lake behind a symbolic link
    if "=" in str(full):  # found out in Polars: every name=value folder above a file is taken for a partition
        raise UsageError(f"the path {full} holds a =, which tools read as a partition; keep the lake elsewhere")
    if any(character in str(full) for character in "*?["):
        raise UsageError(f"the path {full} holds a *, ? or [, which tools read as a pattern; keep the lake elsewhere")
    return full


def check_zone(zone: str) -> None:
    """UsageError for a zone that nobody knows."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"unknown time zone {zone!r}; give an IANA name such as Asia/Shanghai") from None
