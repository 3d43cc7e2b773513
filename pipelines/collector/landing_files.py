"""The file landing: requests that wait together share one write and one fsync (group commit).

One thread a landing writes (group_commit.py); each process has growing segments of its own, one a source. A segment is finished when it is
large or old enough, and the ingest sees it then. On a failure everything of the group is taken back, and every request
of it is told so; the next group tries afresh, so a full disk needs nobody once there is room again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.collector.group_commit import Commit, CommitThread, Waiting
from pipelines.collector.landing import UNMAPPED_FOLDER, LandingError, LandingFullError, LandingSlowError
from pipelines.collector.recovery import finish_abandoned
from pipelines.collector.segment import REQUEST_END
from pipelines.collector.segment_set import SegmentSet
from pipelines.landing import SOURCE_NAME

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # how often the age of segments is looked at: a small part of the least age they can have
RECOVERY_SECONDS = 5.0  # how long the segments of a worker that died wait for another to finish them
RECOVERY_REST = 100  # times as long as a look took, at least: looking is a hundredth of what a worker does
REMIND_SECONDS = 60.0  # a failing disk fails every request: it is logged once, and again so often


@dataclass(frozen=True, kw_only=True)
class FileLandingLimits:
    """When segments are finished, and how much may wait."""

    max_segment_bytes: int = 64 * 1024 * 1024
    """Then a segment is finished: a few blocks of the ingest's grid."""
    max_segment_seconds: float = 15.0
    """Or at this age: with the 5 s of `ingest --follow` and its own work, an event is in the table within a minute."""
    max_waiting_bytes: int = 64 * 1024 * 1024
    """Requests that wait for the disk, in one process. More are told to come again."""
    max_commit_seconds: float = 10.0
    """A disk that takes longer for one write is as good as away: those who wait are told to come again."""


class FileLanding:
    """Keeps requests in segments below one folder. See `Landing`."""

    def __init__(
        self,
        folder: Path,
        limits: FileLandingLimits = FileLandingLimits(),
        on_commit: Callable[[Commit], None] = lambda _commit: None,
    ) -> None:
        """Make a landing for the running event loop; `start` before the first `append`."""
        self.folder = folder
        self._limits = limits
        self._on_commit = on_commit
        self._segments = SegmentSet(folder, limits.max_segment_bytes, limits.max_segment_seconds)
        self._thread = CommitThread(self._segments, self._answer)
        self._loop: asyncio.AbstractEventLoop
        self._sources: set[str] = set()
        self._waiting_bytes = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._told_at = float("-inf")

    async def start(self) -> None:
        """Finish what dead collectors left, and watch the age of segments from now on."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.to_thread(finish_abandoned, self.folder)
        self._tasks = [asyncio.create_task(each) for each in (self._keep(), self._watch(), self._recover())]

    def append(self, source: str, lines: Sequence[bytes], unmapped: Sequence[bytes] = ()) -> "asyncio.Future[None]":
        """Keep all of one request or nothing of it, on stable storage when what this returns is done."""
        if source not in self._sources:
            if not SOURCE_NAME.fullmatch(source):
                raise ValueError(f"{source!r} is no source name")
            self._sources.add(source)
        parts = {source: _joined(lines)} if lines else {}
        byte_count = len(parts[source]) if lines else 0
        if unmapped:
            data = parts[f"{UNMAPPED_FOLDER}/{source}"] = _joined(unmapped)
            byte_count += len(data)
        done: asyncio.Future[None] = self._loop.create_future()
        if not parts:
            done.set_result(None)
            return done
        if self._waiting_bytes and self._waiting_bytes + byte_count > self._limits.max_waiting_bytes:
            raise LandingSlowError("too much waits for the disk")
        if self._is_stuck():
            raise LandingSlowError("the disk does not answer")
        self._waiting_bytes += byte_count
        self._thread.put(Waiting(parts, byte_count, done))
        return done

    async def close(self) -> None:
        """Write what waits, finish every segment, end the thread."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if waiting := [each.done for each in self._thread.waiting()]:
            await asyncio.wait(waiting)
        await self._thread.do(self._segments.finish_all)
        await asyncio.to_thread(finish_abandoned, self.folder)
        self._thread.stop()

    def _answer(self, group: Sequence[Waiting], error: OSError | None, commit: Commit) -> None:
        """Tell everyone of a group what became of it."""
        failure = None
        if error is not None:
            failure = LandingFullError(f"cannot write the landing {self.folder}: {error.strerror or error}")
            self._remind(failure)
        for waiting in group:
            self._waiting_bytes -= waiting.byte_count
            _tell(waiting, failure)
        self._on_commit(commit)

    async def _keep(self) -> None:
        """Finish segments that are old."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._thread.do(self._segments.finish_old)

    async def _recover(self) -> None:
        """Finish the segments of workers that died. Beside the thread that commits: a large folder takes a while."""
        took_seconds = 0.0
        while True:
            await asyncio.sleep(max(RECOVERY_SECONDS, took_seconds * RECOVERY_REST))
            started = time.monotonic()
            await asyncio.to_thread(finish_abandoned, self.folder)
            took_seconds = time.monotonic() - started

    async def _watch(self) -> None:
        """Free those who wait for a disk that does not answer."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._is_stuck():
                failure = LandingSlowError(f"the landing {self.folder} does not answer")
                self._remind(failure)
                for waiting in self._thread.waiting():
                    waiting.is_dropped = True  # what is under way already may turn out to be kept, whole
                    _tell(waiting, failure)

    def _is_stuck(self) -> bool:
        since = self._thread.writing_since
        return since is not None and time.monotonic() - since > self._limits.max_commit_seconds

    def _remind(self, failure: LandingError) -> None:
        if time.monotonic() - self._told_at > REMIND_SECONDS:
            self._told_at = time.monotonic()
            log.error("%s; clients are told to send again, nothing that was answered is lost", failure)


def _tell(waiting: Waiting, failure: LandingError | None) -> None:
    if waiting.done.done():  # Whoever waited has gone, or was told before.
        return
    if failure is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(failure)


def _joined(lines: Sequence[bytes]) -> bytes:
    """One request as bytes of a segment: LF between its lines, CR LF behind the last, and no other of either."""
    if b"\n" in b"".join(lines):  # counting those of the joined lines takes several times as long
        raise ValueError("a line holds a line break")
    body = b"\n".join(lines)
    if b"\r" in body:
        # White space to JSON where it is JSON at all; at the end of a line it would look like the end of a request.
        body = b"\n".join([line.rstrip(b"\r") for line in lines])
    return body + REQUEST_END
