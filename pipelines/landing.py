"""The landing: the durable raw log that every event passes through on its way to the lake.

`<landing>/<source>/<segment>.ndjson`, one event a line. A segment has its final name only when all of its bytes are
on disk, and never changes after that. Whatever ends in `.tmp` or starts with a dot is not a segment.
"""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.errors import MaidianError, UsageError
from schemas.lake.durable import sync_folder

SEGMENT_SUFFIXES = (".ndjson", ".jsonl")

_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)  # some network and FAT file systems

# Only names of exactly this shape are ever swept: a file somebody else is still copying in is not ours to delete.
_OWN_TEMP_NAME = re.compile(r"\.ndjson\.[0-9a-f]{8}\.tmp$")
SOURCE_NAME = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One complete file of the landing; `name` is its path below the landing, with forward slashes."""

    source: str
    name: str
    size_bytes: int
    modified_ns: int


class SegmentExistsError(UsageError):
    """A segment of this name is already in the landing; segments never change."""


class SegmentWriter:
    """Takes the bytes of one segment. Give it a `name` before the block ends, or `discard()` it."""

    def __init__(self, folder: Path, name: str | None) -> None:
        """Open a temporary file in `folder`; nothing has the final name until `open_segment` ends."""
        self.folder = folder
        self.name = name
        self.is_discarded = False
        self.temp_path, self._file = _open_locked_temp(folder, name or "segment")

    @property
    def path(self) -> Path:
        """Where the segment will stand; its name must be known by now."""
        if self.name is None:
            raise ValueError("the segment has no name yet")
        return self.folder / f"{self.name}.ndjson"

    def write(self, data: bytes) -> None:
        """Append bytes: whole lines, each with its line feed."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _cannot_write(self.temp_path, error) from error

    def discard(self) -> None:
        """Leave no segment behind when the block ends."""
        self.is_discarded = True

    def publish(self) -> None:
        """Put the bytes on stable storage, then give the file its final name, if that is free."""
        final_path = self.path
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._take_name(final_path)
            sync_folder(self.folder)
        except FileExistsError as error:
            raise SegmentExistsError(f"{final_path} exists; a segment never changes, choose another name") from error
        except OSError as error:
            raise _cannot_write(final_path, error) from error

    def _take_name(self, final_path: Path) -> None:
        """A link, not a rename: it refuses a name that is taken, even by a process that took it a moment ago."""
        try:
            os.link(self.temp_path, final_path)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if final_path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final_path)) from error
            self.temp_path.rename(final_path)

    def close(self) -> None:
        """Release the file and, unless it was published, remove it."""
        self.temp_path.unlink(missing_ok=True)
        try:
            self._file.close()
        except OSError:  # Bytes still in the buffer of a file that is thrown away: a full disk may refuse them.
            self._file.raw.close()  # type: ignore[attr-defined]


@contextmanager
def open_segment(landing: Path, source: str, name: str | None = None) -> Iterator[SegmentWriter]:
    """Write `<landing>/<source>/<name>.ndjson` so that it appears whole or not at all.

    `name` may be set on the writer later, when it depends on the bytes. Raises `SegmentExistsError` when the name is
    taken, `UsageError` for a source that is not `[a-z0-9_-]+`, `MaidianError` when the machine cannot write.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise UsageError(f"source {source!r}: use only a to z, 0 to 9, _ and -")
    folder = landing / source
    try:
        _make_directories(folder)
        _remove_abandoned(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    writer = SegmentWriter(folder, name)
    try:
        yield writer
        if not writer.is_discarded:
            writer.publish()
    finally:
        writer.close()


def list_segments(landing: Path) -> list[Segment]:
    """Every complete segment at any depth, sorted by source and name. A landing that does not exist is empty."""
    if landing.exists() and not landing.is_dir():
        raise UsageError(f"landing {landing} is a file; give a directory")
    segments = []
    for folder, subfolders, files in os.walk(landing, onerror=_raise_unless_gone):
        subfolders[:] = [each for each in subfolders if not each.startswith(".")]
        for file in files:
            if file.startswith(".") or not file.endswith(SEGMENT_SUFFIXES):
                continue
            path = Path(folder, file)
            try:
                status = path.stat()
            except FileNotFoundError:  # Moved away while we looked.
                continue
            relative = path.relative_to(landing)
            first = relative.parts[0] if len(relative.parts) > 1 else relative.stem
            segments.append(
                Segment(
                    source=normalise_source(first) or "unnamed",
                    name=relative.as_posix(),
                    size_bytes=status.st_size,
                    modified_ns=status.st_mtime_ns,
                )
            )
    return sorted(segments)


def _raise_unless_gone(error: OSError) -> None:
    """A folder that cannot be read is no empty folder; one that was moved away while we looked is none at all."""
    if not isinstance(error, FileNotFoundError):
        raise error


def normalise_source(text: str) -> str:
    """A source name made of any text, such as a file's stem: `ERP Export 2026` is `erp-export-2026`.

    Empty when nothing of the text can stand in a source name, as with `订单`.
    """
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def _make_directories(folder: Path) -> None:
    """Create `folder` and its parents, and make their entries survive a power cut."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def _open_locked_temp(folder: Path, stem: str) -> tuple[Path, BinaryIO]:
    """A new temporary file with a lock that dies with this process, so that the next one knows it is abandoned."""
    while True:
        path = folder / f"{stem}.ndjson.{secrets.token_hex(4)}.tmp"
        try:
            file = path.open("xb", buffering=1 << 20)
        except OSError as error:
            raise _cannot_write(path, error) from error
        fcntl.flock(file, fcntl.LOCK_EX)
        # Between creation and lock another process may have swept the file away: then take a new one.
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return path, file
        file.close()


def _remove_abandoned(folder: Path) -> None:
    """Delete temporary files of ours whose writer is dead (their lock is free)."""
    for path in folder.glob("*.tmp"):
        if not _OWN_TEMP_NAME.search(path.name):
            continue
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _cannot_write(path: Path, error: OSError) -> MaidianError:
    return MaidianError(
        f"cannot write {path}: {error.strerror or error}; nothing was kept of it, mend that and run again"
    )
