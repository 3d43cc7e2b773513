"""What a job reads for each of several days, read once where it is small.

A rebuild of many days asks for nearly the same window over and over; opening hundreds of files for each costs more
than the work itself. A night's run has one day or few, and larger windows stay lazy. Of a window of which a day needs few
rows (`Job.needed`), those that some days need are held together, for as many days at a time as fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from jobs.engine.declaration import Frames, Input, Job, Needed
from jobs.engine.dirty import View, days_read
from jobs.engine.scan import scan_days, scan_files

# Half a million rows of the widest additive table, orders with their lines, take about 200 MB.
MAX_HELD_ROWS = 500_000

# The small steps of small days cost two thirds of the processor time in memory that they take as streams, and less memory.
# With so many rows a day takes about 1 GB; with more the gain is lost as well.
IN_MEMORY_ROWS = 2_000_000


@dataclass
class Windows:
    """The inputs of a job for some of its days."""

    job: Job
    view: View
    days: Sequence[date]
    _held: dict[str, pl.DataFrame] = field(default_factory=dict)
    _held_days: dict[str, list[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is small and asked for more than once."""
        if len(self.days) == 1:
            return
        for read in self.job.inputs:
            window = days_read(read, self.days)
            if read.is_reference:
                self._held[read.table] = self._scan_all(read).collect()
            elif not self._needed(read) and 0 < self._row_count(read, window) <= MAX_HELD_ROWS:
                self._held[read.table] = self._scan(read, window).collect()

    def has_rows(self, day: date) -> bool:
        """Whether any input has rows in the day's window. A reference says nothing of a day."""
        return any(self._row_count(read, days_read(read, [day])) for read in self.job.inputs)

    def frames(self, day: date) -> Frames:
        """The inputs of one day: its window of each, and no other days."""
        return {read.table: self._frame(read, day) for read in self.job.inputs}

    def has_few_rows(self, day: date) -> bool:
        """Whether these frames hold so few rows that they are best computed in memory; references are not counted.

        A window of which little is needed is best read as a stream, unless that little is held.
        """
        needed = [read for read in self.job.inputs if self._needed(read)]
        if any(read.table not in self._held for read in needed):
            return False
        counts = (self._row_count(read, days_read(read, [day])) for read in self.job.inputs if read not in needed)
        return sum(counts) + sum(self._held[read.table].height for read in needed) <= IN_MEMORY_ROWS

    def _frame(self, read: Input, day: date) -> pl.LazyFrame:
        if read.is_reference:
            return self._held[read.table].lazy() if read.table in self._held else self._scan_all(read)
        window = days_read(read, [day])
        needed = self._needed(read)
        if needed:
            self._hold_needed(read, needed, day)
        if read.table not in self._held:
            return needed(self._scan(read, window), [day]) if needed else self._scan(read, window)
        partition = self.view.catalog.tables[read.table].partition
        return self._held[read.table].lazy().filter(pl.col(partition).is_between(min(window), max(window)))

    def _needed(self, read: Input) -> Needed | None:
        return (self.job.needed or {}).get(read.table)

    def _hold_needed(self, read: Input, needed: Needed, day: date) -> None:
        """Hold what the day and those after it need of the window, unless that is held or the day stands alone."""
        if day in self._held_days.get(read.table, ()):
            return
        self._held.pop(read.table, None)
        days = self._held_days[read.table] = self._days_together(read, day)
        if len(days) > 1:
            window, partition = days_read(read, days), self.view.catalog.tables[read.table].partition
            # Which days they lie on is told by few columns; of the others no file is read whole.
            found = needed(self._scan(read, window), days).select(pl.col(partition).unique()).collect().to_series()
            self._held[read.table] = needed(self._scan(read, window & {*found, *days}), days).collect()

    def _days_together(self, read: Input, first: date) -> list[date]:
        """The days from this one on whose own rows are few enough to be held: others they need are as many, or few of each row."""
        together: list[date] = []
        for day in sorted(day for day in self.days if day >= first):
            if together and self._row_count(read, {*together, day}) > MAX_HELD_ROWS:
                break
            together.append(day)
        return together

    def _scan(self, read: Input, window: set[date]) -> pl.LazyFrame:
        return scan_days(self.view.catalog.tables[read.table], self.view.inputs[read.table], window)

    def _scan_all(self, read: Input) -> pl.LazyFrame:
        snapshot = self.view.inputs[read.table]
        return scan_files(self.view.catalog.tables[read.table], snapshot.files() if snapshot else [])

    def _row_count(self, read: Input, window: set[date]) -> int:
        return sum(self.view.row_counts(read.table, window).values())
