"""The spool: where events wait on this machine's disk while the broker is away.

It is a landing in files, with small segments: the same group commit, the same recovery of what a dead worker left. One
process at a time sends what is finished, the oldest first, and removes each segment when the broker has all of it.

<spool>/<source>/<segment>.ndjson    waits to be sent; `maidian ingest --landing <spool>` could read it as well
<spool>/.unmapped/<source>/…         events that no mapping knows, as in every landing; they stay
<spool>/.refused/<source>/…          lines that the broker takes from nobody, as one larger than it allows; they stay
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.collector.landing import LandingFullError
from pipelines.collector.landing_files import FileLanding, FileLandingLimits
from pipelines.landing import normalise_source

REFUSED_FOLDER = ".refused"
LOCK_NAME = ".sending.lock"

# What has not been finished when the broker is back is sent while new requests wait, so it must not be much; an outage of
# a day must not leave a hundred thousand files either.
SEGMENT_BYTES = 4 * 1024 * 1024
SEGMENT_SECONDS = 15.0

CHUNK_BYTES = 1 << 18  # of a segment under way at a time: a broker that needs longer for it than for an answer is away


class Spool:
    """The spool of one process; several processes may share the folder."""

    def __init__(self, folder: Path, max_bytes: int, limits: FileLandingLimits) -> None:
        """`max_bytes` bounds what waits in the folder, all processes' together."""
        self.folder = folder
        self._max_bytes = max_bytes
        self._limits = FileLandingLimits(
            max_segment_bytes=SEGMENT_BYTES,
            max_segment_seconds=SEGMENT_SECONDS,
            max_waiting_bytes=limits.max_waiting_bytes,
            max_commit_seconds=limits.max_commit_seconds,
        )
        self._apart = FileLanding(folder, limits)
        self._refused = FileLanding(folder / REFUSED_FOLDER, limits)
        self._waiting = FileLanding(folder, self._limits)
        self.waiting_bytes = 0
        """About how much waits to be sent: counted when looked at, plus what was added since."""

    async def start(self) -> None:
        """Finish what dead workers left."""
        for landing in (self._apart, self._refused, self._waiting):
            await landing.start()
        self.look()

    async def close(self) -> None:
        """Write what waits to be written, and give every segment its name."""
        for landing in (self._waiting, self._apart, self._refused):
            await landing.close()

    async def append(self, source: str, lines: Sequence[bytes]) -> None:
        """Keep lines until they are sent."""
        byte_count = sum(map(len, lines)) + len(lines) + 1
        if self.waiting_bytes + byte_count > self._max_bytes:
            raise LandingFullError(f"the spool {self.folder} is full and the broker is away")
        self.waiting_bytes += byte_count
        await self._waiting.append(source, lines)

    async def keep_unmapped(self, source: str, unmapped: Sequence[bytes]) -> None:
        """Keep events that no mapping knows. They are not sent."""
        await self._apart.append(source, (), unmapped)

    async def keep_refused(self, source: str, lines: Sequence[bytes]) -> None:
        """Keep lines that the broker will never take. They are not sent again."""
        await self._refused.append(source, lines)

    async def finish_segments(self) -> None:
        """Give this process's segments their names now. Nothing may be appended meanwhile."""
        await self._waiting.close()
        self._waiting = FileLanding(self.folder, self._limits)
        await self._waiting.start()

    def look(self) -> list[Path]:
        """The finished segments, the oldest first; the age is that of the last line, whoever wrote it."""
        found, waiting_bytes = [], 0
        for path in self.folder.glob("*/*.ndjson*"):
            if path.parent.name.startswith("."):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:  # sent, or renamed, by another process
                continue
            waiting_bytes += status.st_size
            if path.suffix == ".ndjson":
                found.append((status.st_mtime_ns, path))
        self.waiting_bytes = waiting_bytes
        return [path for _, path in sorted(found)]

    def is_empty(self) -> bool:
        """Whether nothing waits here, of any process, finished or not."""
        self.look()
        return self.waiting_bytes == 0

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Whether it is this process that sends now; the lock goes with the process that holds it."""
        descriptor = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)


def source_of(segment: Path) -> str:
    """The source that a segment's lines are of."""
    return normalise_source(segment.parent.name) or "unnamed"


def read_chunks(segment: Path, start: int) -> Iterator[tuple[list[bytes], int]]:
    """The lines of a segment from a position on, a chunk at a time, each with where the next one starts."""
    with segment.open("rb") as file:
        file.seek(start)
        while lines := file.readlines(CHUNK_BYTES):
            yield [line.rstrip(b"\r\n") for line in lines], file.tell()
