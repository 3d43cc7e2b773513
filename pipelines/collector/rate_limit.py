"""How many requests each key may send in a second, over all workers of a collector.

The workers share a page of memory. Each writes its own cells only and reads those of all, so there is nothing to lock.
"""

import mmap
import time

_CELL_BYTES = 16  # the second, and the requests in it


class RateLimits:
    """Made before the workers are forked; each then takes its number."""

    def __init__(self, worker_count: int, key_count: int) -> None:
        self._worker_count = worker_count
        self._key_count = max(key_count, 1)
        memory = mmap.mmap(-1, self._worker_count * self._key_count * _CELL_BYTES)
        self._cells = memoryview(memory).cast("Q")
        self._first = 0

    def take_part(self, worker: int) -> None:
        """Count as this worker from now on."""
        self._first = worker * self._key_count * 2

    def is_over(self, key: int, max_requests_per_second: int) -> bool:
        """Count one request of a key, unless it is one too many."""
        second = int(time.monotonic())
        cells = self._cells
        stride = self._key_count * 2
        sent = sum(
            cells[cell + 1] for cell in range(key * 2, self._worker_count * stride, stride) if cells[cell] == second
        )
        if sent >= max_requests_per_second:
            return True
        own = self._first + key * 2
        # The count before the second: a reader in between then sees an old second, not too many requests.
        cells[own + 1] = cells[own + 1] + 1 if cells[own] == second else 1
        cells[own] = second
        return False
