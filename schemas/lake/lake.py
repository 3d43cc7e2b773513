"""One lake: a folder with `lake.json`, the tables, the landing and the staging area.

    lake/lake.json                     format and time zone, fixed when the lake is made
    lake/landing/<source>/*.ndjson     the raw log, unless it is kept elsewhere
    lake/<table>/current               -> snapshots/<id>
    lake/<table>/snapshots/<id>/       plain hive Parquet
    lake/<table>/snapshots/<id>.json   the manifest, beside the directory
    lake/staging/<writer>/<build>/     what is being built; never under anything globbed
    lake/ingest/                       decoded ranges not yet published, and the index of event ids
    lake/locks/

Temporary names lie beside what they become, so that a rename is all it takes.
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

if TYPE_CHECKING:
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
    """An opened lake."""

    path: Path
    time_zone: str

    @property
    def landing(self) -> Path:
        """Where the raw log lies unless the caller keeps it elsewhere."""
        return self.path / "landing"

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

    @property
    def tables(self) -> "Tables":
        """Where the published tables lie."""
        from schemas.lake.storage.folder import FolderTables

        return FolderTables(self)

    def table_names(self) -> list[str]:
        """Tables that have been published at least once, by name."""
        return self.tables.names()


def create_lake(path: Path, time_zone: str | None = None) -> Lake:
    """Make a lake, or open the one that is there. UsageError when it is of another zone or the zone is unknown."""
    if (path / "lake.json").exists():
        return open_lake(path, time_zone)
    zone = time_zone or DEFAULT_TIME_ZONE
    _check_zone(zone)
    absolute = _absolute(path)
    path.mkdir(parents=True, exist_ok=True)
    made = LakeMetadata(format=FORMAT, time_zone=zone, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
    write_durably(path / "lake.json", msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return Lake(absolute, zone)


def open_lake(path: Path, time_zone: str | None = None) -> Lake:
    """Open a lake. UsageError when there is none, or it is of another time zone or of a newer format."""
    try:
        content = (path / "lake.json").read_bytes()
    except FileNotFoundError:
        raise UsageError(f"no lake at {path}; make one with `maidian init --lake {path}`") from None
    except NotADirectoryError:
        raise UsageError(f"{path} is a file, not a lake; give the lake's folder with --lake") from None
    try:
        metadata = msgspec.json.decode(content, type=LakeMetadata)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path / 'lake.json'} cannot be read ({error}); restore it from a backup") from None
    if metadata.format > FORMAT:
        raise UsageError(
            f"the lake at {path} is of format {metadata.format}, this maidian reads up to {FORMAT}; use a newer one"
        )
    if time_zone is not None and time_zone != metadata.time_zone:
        raise UsageError(
            f"the lake at {path} is of time zone {metadata.time_zone}, not {time_zone}: its business days are fixed; "
            "leave --time-zone out, or make another lake"
        )
    _check_zone(metadata.time_zone)
    return Lake(_absolute(path), metadata.time_zone)


def _absolute(path: Path) -> Path:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would rename a lake behind a symbolic link
    if "=" in str(absolute):  # found out in Polars: every name=value folder above a file is taken for a partition
        raise UsageError(f"the path {absolute} holds a =, which tools read as a partition; keep the lake elsewhere")
    if any(character in str(absolute) for character in "*?["):
        raise UsageError(
            f"the path {absolute} holds a *, ? or [, which tools read as a pattern; keep the lake elsewhere"
        )
    return absolute


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"unknown time zone {zone!r}; give an IANA name such as Asia/Shanghai") from None
