"""Brings parcels to segments of the landing: late ones on a later day, some twice, garbage between them."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.generator.devices import APP, ERP, MINIPROGRAM, MINUTE, SECOND, SOURCES, WEB
from pipelines.generator.dice import Ints
from pipelines.generator.parcels import FIRST, REPEAT, change, column
from pipelines.generator.world import World
from pipelines.landing import open_segment

# Whole requests are repeated: a client that saw no answer sends the same bytes again.
REPEATED_RATIO = 0.006
# When and where, in percent: soon after; one or two days later; soon, through another source.
SOON, DAYS_LATER, ELSEWHERE = 55, 30, 15
REPEAT_DAYS_MAX = 2
OTHER_SOURCE = {WEB: APP, APP: MINIPROGRAM, MINIPROGRAM: WEB, ERP: WEB}


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one segment, in the order of its lines; `ends_at` is the byte after each line."""

    source: int
    name: str
    rows: pa.RecordBatch
    ends_at: Ints


@dataclass(slots=True)
class Delivery:
    """Parcels that wait for their day, and the names of the segments so far."""

    world: World
    landing: Path
    held: dict[int, list[tuple[int, pa.RecordBatch]]] = field(default_factory=dict)
    segment_counts: Counter[tuple[int, int]] = field(default_factory=Counter)

    def deliver(self, day: int, parcels: list[tuple[int, pa.RecordBatch]]) -> list[Segment]:
        """Write the segments of one part of a day: these parcels as far as due, and what waited for the day."""
        ready = self.held.pop(day, []) + parcels
        for source, rows in parcels:
            self._hold(day, source, rows)
        for source, rows in list(ready):
            ready += self._repeat(day, source, rows)
        segments = []
        for source in range(len(SOURCES)):
            mine = [rows for each, rows in ready if each == source and len(rows)]
            if mine:
                segments += self._write(day, source, pa.concat_batches(mine))
        return segments

    def _hold(self, day: int, source: int, rows: pa.RecordBatch) -> None:
        """Keep copies of the rows that are due on later days."""
        due = column(rows, "due_day")
        late = np.flatnonzero(due > day)
        for later in np.unique(due[late]).tolist():
            self.held.setdefault(later, []).append((source, rows.take(pa.array(late[due[late] == later]))))

    def _repeat(self, day: int, source: int, rows: pa.RecordBatch) -> list[tuple[int, pa.RecordBatch]]:
        """Copies of some requests' lines. All lines of a request share device and arrival, so the choice is theirs."""
        luck = _mixed(column(rows, "arrives_at") ^ (column(rows, "device") << 40) ^ self.world.options.seed)
        is_chosen = luck < int(REPEATED_RATIO * (1 << 63))
        chosen = np.flatnonzero(is_chosen)
        chosen = chosen[(column(rows, "role")[chosen] == FIRST) & (column(rows, "due_day")[chosen] <= day)]
        if not len(chosen):
            return []
        luck, copies = _mixed(luck[chosen]), rows.take(pa.array(chosen))
        way = luck % 100
        is_later = (way >= SOON) & (way < SOON + DAYS_LATER)
        due = np.where(is_later, day + 1 + luck // 100 % REPEAT_DAYS_MAX, day)
        due = np.where(due < self.world.options.days, due, day)
        copies = change(
            copies,
            role=np.full(len(chosen), REPEAT),
            due_day=due,
            arrives_at=column(copies, "arrives_at") + 5 * SECOND + luck // 1000 % (10 * MINUTE),
        )
        is_elsewhere = way >= SOON + DAYS_LATER
        self._hold(day, source, copies)
        return [
            (source, copies.filter(pa.array((due == day) & ~is_elsewhere))),
            (OTHER_SOURCE[source], copies.filter(pa.array((due == day) & is_elsewhere))),
        ]

    def _write(self, day: int, source: int, rows: pa.RecordBatch) -> list[Segment]:
        """Segments of bounded size, in the order of arrival; rows due later are left out."""
        due = np.flatnonzero(column(rows, "due_day") <= day)
        arrival = np.argsort(column(rows, "arrives_at")[due], kind="stable")
        rows = rows.take(pa.array(due[arrival]))
        _, offsets_buffer, data = rows.column("line").buffers()
        offsets = np.frombuffer(offsets_buffer, dtype=np.int64, count=len(rows) + 1)
        size = self.world.options.lines_per_segment
        segments = []
        for start in range(0, len(rows), size):
            end = min(start + size, len(rows))
            self.segment_counts[day, source] += 1
            name = f"{self.world.date_of(day)}-{self.segment_counts[day, source]:03d}"
            with open_segment(self.landing, SOURCES[source], name) as segment:
                segment.write(bytes(memoryview(data)[offsets[start] : offsets[end]]))
            ends_at = offsets[start + 1 : end + 1] - offsets[start]
            segments.append(Segment(source, name, rows.slice(start, end - start), ends_at))
        return segments


def _mixed(values: Ints) -> Ints:
    """Numbers that look random, the same for the same value (splitmix64), not negative."""
    x: npt.NDArray[np.uint64] = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)
