"""The thread that commits: it takes everything that waits, writes it at once, makes it durable at once, and goes on.

It does not wait for the event loop between two groups, so while one is on its way to the disk the next one gathers.
"""

import asyncio
import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from pipelines.collector.segment_set import SegmentSet

log = logging.getLogger(__name__)

# Those who were answered together are about to send again together. Without a moment's patience the first of them would
# have a commit for itself, and all others would wait for two.
GATHER_STEPS = 2
GATHER_SECONDS = 0.001  # well below a commit on most disks


@dataclass(frozen=True)
class Commit:
    """What one group cost, for the metrics."""

    request_count: int
    byte_count: int
    seconds: float
    is_kept: bool


@dataclass(eq=False, slots=True)
class Waiting:
    """One request: its bytes, by folder, and who waits for the answer."""

    parts: dict[str, bytes]
    byte_count: int
    done: "asyncio.Future[None]"
    is_dropped: bool = False
    """Whether it was refused already; then it is not written any more."""


Done = Callable[[Sequence[Waiting], OSError | None, Commit], None]


class CommitThread:
    """Owns the segments of one landing: all work on them is done in its thread."""

    def __init__(self, segments: SegmentSet, on_done: Done) -> None:
        """`on_done` is called in the event loop that called `start`, once for each group."""
        self._segments = segments
        self._on_done = on_done
        self._queue: SimpleQueue[Waiting | Callable[[], None] | None] = SimpleQueue()
        self._last_count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="landing", daemon=True)
        self.writing_since: float | None = None

    def start(self) -> None:
        """Begin to take what is put."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def put(self, waiting: Waiting) -> None:
        """Have a request written with the next group."""
        self._queue.put(waiting)

    async def do(self, work: Callable[[], object]) -> None:
        """Do other work on the segments, after everything that was put before."""
        result: Future[None] = Future()

        def work_and_tell() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 -- it is raised again where somebody waits for it
                result.set_exception(error)
            else:
                result.set_result(None)

        self._queue.put(work_and_tell)
        await asyncio.wrap_future(result)

    def stop(self) -> None:
        """End the thread, after everything that was put before."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if isinstance(item, Waiting):
                group = [item]
                item = self._gather(group)
                self._commit([each for each in group if not each.is_dropped])
                if item is _NOTHING:
                    continue
            if item is None:
                return
            assert callable(item)
            item()

    def _gather(self, group: list[Waiting]) -> Callable[[], None] | None:
        """Add whatever else waits; returns other work that was met on the way."""
        for step in range(GATHER_STEPS + 1):
            try:
                while True:
                    item = self._queue.get_nowait()
                    if not isinstance(item, Waiting):
                        return item
                    group.append(item)
            except Empty:
                if len(group) * 2 >= self._last_count or step == GATHER_STEPS:
                    break
            time.sleep(GATHER_SECONDS)
        return _NOTHING

    def _commit(self, group: list[Waiting]) -> None:
        if not group:
            return
        self._last_count = len(group)
        failure: OSError | None = None
        self.writing_since = started = time.monotonic()
        try:
            self._segments.commit([each.parts for each in group])
        except OSError as error:
            failure = error
        except Exception as error:  # our bug: a thread that died of it would leave everyone waiting
            log.exception("a commit failed")
            failure = OSError(errno.EIO, f"{type(error).__name__} in the collector")
        finally:
            self.writing_since = None
        byte_count = sum(each.byte_count for each in group)
        commit = Commit(len(group), byte_count, time.monotonic() - started, is_kept=failure is None)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._on_done, group, failure, commit)


def _NOTHING() -> None:  # noqa: N802 -- a mark, told apart by identity
    """No other work was met."""
