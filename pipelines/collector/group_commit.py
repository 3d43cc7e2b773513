"""The thread that commits: it takes a group of requests, writes it at once, makes it durable at once.

While one group is on its way to the disk, the next one gathers in the event loop.
"""

import asyncio
import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue

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
    """Owns the segments of one landing: all work on them is done in its thread.

    Requests gather in the event loop, and the thread is given a whole group at a time: woken once for each request, it
    and the loop would take the interpreter from one another all the time.
    """

    def __init__(self, segments: SegmentSet, on_done: Done) -> None:
        """`on_done` is called in the event loop that called `start`, once for each group."""
        self._segments = segments
        self._on_done = on_done
        self._gathered: list[Waiting] = []
        self._under_way: list[Waiting] = []
        self._last_count = 0
        self._is_arranged = False
        """Whether a hand-over is arranged: soon, or when the group under way is done."""
        self._queue: SimpleQueue[list[Waiting] | Callable[[], None] | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="landing", daemon=True)
        self.writing_since: float | None = None

    def start(self) -> None:
        """Begin to take what is put."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def put(self, waiting: Waiting) -> None:
        """Have a request written with the next group."""
        self._gathered.append(waiting)
        if not self._is_arranged:
            assert self._loop is not None
            self._is_arranged = True
            # When everyone is heard whom this turn of the loop hears.
            self._loop.call_soon(self._hand_over, GATHER_STEPS)

    def waiting(self) -> list[Waiting]:
        """All whose group is not done."""
        return self._under_way + self._gathered

    async def do(self, work: Callable[[], object]) -> None:
        """Do other work on the segments, between two groups."""
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
        """End the thread, after everything that it was given before."""
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self, steps_left: int) -> None:
        """Give the thread what gathered, unless a moment's patience would bring many more."""
        assert self._loop is not None
        if steps_left and len(self._gathered) * 2 < self._last_count:
            self._loop.call_later(GATHER_SECONDS, self._hand_over, steps_left - 1)
            return
        self._under_way, self._gathered = self._gathered, []
        self._last_count = len(self._under_way)
        self._queue.put(self._under_way)

    def _finish_group(self, failure: OSError | None, commit: Commit) -> None:
        """In the event loop: tell whoever asked, and go on with what gathered meanwhile."""
        group, self._under_way = self._under_way, []
        if self._gathered:
            self._hand_over(GATHER_STEPS)  # first, so that the disk works while those of the last group are answered
        else:
            self._is_arranged = False
        self._on_done(group, failure, commit)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, list):
                self._commit(item)
            else:
                item()

    def _commit(self, group: list[Waiting]) -> None:
        group = [each for each in group if not each.is_dropped]
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
        byte_count = sum([each.byte_count for each in group])
        commit = Commit(len(group), byte_count, time.monotonic() - started, is_kept=failure is None)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._finish_group, failure, commit)
