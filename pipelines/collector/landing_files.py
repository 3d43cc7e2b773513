"""The file landing: requests that wait together share one write and one fsync (group commit).

One writer thread a process; each process has its own growing segments, one a source. A segment is finished when it is
large or old enough, and the ingest sees it then. On a failure everything of the group is taken back, and every request
of it is told so; the next group tries afresh, so a full disk needs nobody once there is room again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.collector.landing import UNMAPPED_FOLDER, LandingError, LandingFullError, LandingSlowError
from pipelines.collector.recovery import finish_abandoned
from pipelines.collector.segment import REQUEST_END
from pipelines.collector.segment_set import SegmentSet
from pipelines.landing import SOURCE_NAME

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # how often the age of segments is looked at: a small part of the least age they can have
RECOVERY_SECONDS = 5.0  # how long the segments of a worker that died wait for another to finish them
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


@dataclass(frozen=True)
class Commit:
    """What one group cost, for the metrics."""

    request_count: int
    byte_count: int
    seconds: float
    is_kept: bool


@dataclass(eq=False)
class _Waiting:
    """One request: its bytes, by folder, and who waits for the answer."""

    parts: dict[str, bytes]
    byte_count: int
    done: "asyncio.Future[None]"


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
        self._waiting: list[_Waiting] = []
        self._writing: list[_Waiting] = []
        self._waiting_bytes = 0
        self._writing_since = 0.0
        self._writer: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "landing")
        self._told_at = float("-inf")

    async def start(self) -> None:
        """Finish what dead collectors left, and watch the age of segments from now on."""
        await self._in_thread(partial(finish_abandoned, self.folder))
        self._keeper = asyncio.create_task(self._keep())

    async def append(self, source: str, lines: Sequence[bytes], unmapped: Sequence[bytes] = ()) -> None:
        """Keep all of one request or nothing of it, on stable storage when this returns."""
        if not SOURCE_NAME.fullmatch(source):
            raise ValueError(f"{source!r} is no source name")
        parts = {}
        if lines:
            parts[source] = _joined(lines)
        if unmapped:
            parts[f"{UNMAPPED_FOLDER}/{source}"] = _joined(unmapped)
        if not parts:
            return
        byte_count = sum(map(len, parts.values()))
        if self._waiting_bytes and self._waiting_bytes + byte_count > self._limits.max_waiting_bytes:
            raise LandingSlowError("too much waits for the disk")
        if self._is_stuck():
            raise LandingSlowError("the disk does not answer")
        waiting = _Waiting(parts, byte_count, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += byte_count
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups())
        await waiting.done

    async def close(self) -> None:
        """Write what waits, finish every segment, end the thread."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._writer is not None:
            await self._writer
        await self._in_thread(self._segments.finish_all)
        await self._in_thread(partial(finish_abandoned, self.folder))
        self._thread.shutdown()

    async def _write_groups(self) -> None:
        """Write and answer what waits, group by group, until nothing does."""
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write(group)
        finally:
            self._writer = None

    async def _write(self, group: list[_Waiting]) -> None:
        byte_count = sum(each.byte_count for each in group)
        self._writing, self._writing_since = group, time.monotonic()
        failure: LandingError | None = LandingFullError(f"the landing {self.folder} failed")  # until we know better
        try:
            await self._in_thread(partial(self._segments.commit, [each.parts for each in group]))
            failure = None
        except OSError as error:
            failure = LandingFullError(f"cannot write the landing {self.folder}: {error.strerror or error}")
            self._remind(failure)
        finally:
            seconds = time.monotonic() - self._writing_since
            self._writing = []
            self._waiting_bytes -= byte_count
            _answer(group, failure)
            self._on_commit(Commit(len(group), byte_count, seconds, is_kept=failure is None))

    async def _keep(self) -> None:
        """Finish segments that are old, and those of the dead; free those who wait for a disk that does not answer."""
        looked_at = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._is_stuck():
                failure = LandingSlowError(f"the landing {self.folder} does not answer")
                self._remind(failure)
                _answer(self._writing, failure)  # these may turn out to be kept; the others are dropped
                _answer(self._waiting, failure)
                self._waiting_bytes -= sum(each.byte_count for each in self._waiting)
                self._waiting.clear()
            elif not self._writing:
                await self._in_thread(self._segments.finish_old)
                if time.monotonic() - looked_at > RECOVERY_SECONDS:
                    await self._in_thread(partial(finish_abandoned, self.folder))
                    looked_at = time.monotonic()

    def _is_stuck(self) -> bool:
        return bool(self._writing) and time.monotonic() - self._writing_since > self._limits.max_commit_seconds

    def _remind(self, failure: LandingError) -> None:
        if time.monotonic() - self._told_at > REMIND_SECONDS:
            self._told_at = time.monotonic()
            log.error("%s; clients are told to send again, nothing that was answered is lost", failure)

    async def _in_thread(self, work: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _answer(group: Sequence[_Waiting], failure: LandingError | None) -> None:
    for each in group:
        if each.done.done():  # Whoever waited has gone, or was told before.
            continue
        if failure is None:
            each.done.set_result(None)
        else:
            each.done.set_exception(failure)


def _joined(lines: Sequence[bytes]) -> bytes:
    """One request as bytes of a segment: LF between its lines, CR LF behind the last, and no other of either."""
    body = b"\n".join(lines)
    if body.count(b"\n") != len(lines) - 1:
        raise ValueError("a line holds a line break")
    if b"\r" in body:
        # White space to JSON where it is JSON at all; at the end of a line it would look like the end of a request.
        body = b"\n".join([line.rstrip(b"\r") for line in lines])
    return body + REQUEST_END
