"""One segment of the file landing while it grows: bytes are added in whole requests, each addition durable or undone.

The file is `<name>.ndjson.collecting.tmp` until it is finished, then `<name>.ndjson`, by a rename. Its writer holds a
lock on it that the kernel drops when the process ends, however it ends: only then may another process finish it.

The last line of every request ends with CR LF, all others with LF. CR before LF is white space to JSON; here it marks
where a request is whole, so that after a crash the file is cut to whole requests, not only to whole lines.
"""

import fcntl
import os
from pathlib import Path

from schemas.lake.durable import sync_folder

GROWING_SUFFIX = ".ndjson.collecting.tmp"
"""Not the shape of the names that pipelines.landing sweeps: what stands in an abandoned one was acknowledged."""

REQUEST_END = b"\r\n"

_TAIL_BYTES = 1 << 20  # how much of a torn tail is read at a time while looking for the last whole request


class GrowingSegment:
    """A locked file that only this process writes. Every method may raise OSError; none leaves half a request."""

    def __init__(self, folder: Path, name: str) -> None:
        """Create the file in `folder`, which exists, and make its name survive a power cut."""
        self.path = folder / f"{name}{GROWING_SUFFIX}"
        self.size_bytes = 0
        """What was committed. The file is longer while bytes are added, and after a failure that could not be undone."""
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            # Another process that looks for abandoned files may hold the lock for a moment; it leaves an empty file be.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self.path.stat()
            sync_folder(folder)
        except OSError:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            raise

    def write(self, data: bytes) -> None:
        """Put bytes behind `size_bytes`. After `sync` the caller adds their count to it, or else takes them back."""
        view = memoryview(data)
        offset = self.size_bytes
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            offset += written
            view = view[written:]

    def sync(self) -> None:
        """Make what was written durable."""
        os.fdatasync(self._descriptor)

    def undo(self) -> None:
        """Cut the file back to what is committed."""
        os.ftruncate(self._descriptor, self.size_bytes)

    def finish(self) -> None:
        """Give the file its final name, or remove it when nothing was committed; then let go of it."""
        complete(self._descriptor, self.path, self.size_bytes)
        os.close(self._descriptor)


def complete(descriptor: int, path: Path, size_bytes: int) -> None:
    """Cut an open growing segment to `size_bytes`, make that durable and give it its final name; empty, remove it."""
    if size_bytes == 0:
        path.unlink(missing_ok=True)
        return
    if os.fstat(descriptor).st_size != size_bytes:
        os.ftruncate(descriptor, size_bytes)
    os.fsync(descriptor)
    if path.exists():  # else an earlier attempt got this far
        path.rename(final_path(path))
    sync_folder(path.parent)


def final_path(path: Path) -> Path:
    """The name of a growing segment once it is finished."""
    return path.with_name(path.name.removesuffix(GROWING_SUFFIX) + ".ndjson")


def whole_requests_bytes(descriptor: int) -> int:
    """How much of a file, from its start, is whole requests: up to the last CR LF."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _TAIL_BYTES)
        found = os.pread(descriptor, end - start, start).rfind(REQUEST_END)
        if found >= 0:
            return start + found + len(REQUEST_END)
        # One byte of overlap: the mark may lie across the edge of two reads.
        end = start + 1 if start else 0
    return 0
