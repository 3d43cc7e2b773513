"""What a job file declares: the table it makes, what it reads and how far back, and the function that computes a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from jobs.engine.division import Division

Frames = Mapping[str, pl.LazyFrame]
"""One frame an input table, with the partition column, holding the declared days and no others (a reference: all)."""

Needed = Callable[[pl.LazyFrame, list[date]], pl.LazyFrame]
"""Of an input's window around some output days, what any of the days is made of, with the partition column.

It is asked twice, the second time with no other days in the window than the output days and those it found rows on.
"""


@dataclass(frozen=True)
class Input:
    """A table read for day d: its partitions from d - look_back_days to d + look_ahead_days.

    Only additive tables may look back or ahead: a day's run costs what the day costs.
    A reference has no days: it is read whole, as it is now, and without rows where there is none yet. When it changes,
    the newest day alone is dirty: what was said of older days stays as it was published.
    """

    table: str
    look_back_days: int = 0
    look_ahead_days: int = 0
    is_reference: bool = False

    def __post_init__(self) -> None:
        """A reference looks nowhere."""
        if self.is_reference and (self.look_back_days or self.look_ahead_days):
            raise ValueError(f"input {self.table}: a reference is read whole; leave its look-back out")


@dataclass(frozen=True)
class Job:
    """One job: `compute(frames, day)` returns the rows of `table` for that day, without the partition column.

    A changed input day c touches every output day d whose window holds c. Where that is far too many, the input is
    named in `narrow`: `narrow[table](frame, changed)` returns one column `day` of output days, from the
    table's rows within the window around the changed days. Functions are pure: no I/O, no clock, no collect.

    Where a window is wide and a day is made of little of it, the input is named in `needed`: `needed[table](frame, days)`
    keeps what any of the output days is made of, and that is what `compute` is given of the window. Days that are
    rebuilt together then share one reading of it.

    A job that depends on settings is made by `declare(settings)` in its file and names those it uses in `settings`;
    `chosen`, their values, is filled in when the job is found and recorded in the table's manifest.

    `newest_days` is filled in for marts, tables with a partition for each `as_of` day: only that many of the newest
    known days are built unasked, kept exact and kept. None: all days.

    `division` says whether a day may be computed in parts, and by which key; where it may not, why.

    A job that says `is_local` is also told `time_zone`, the name of the lake's, which never changes: for the hour of
    the day.
    """

    table: str
    inputs: tuple[Input, ...]
    compute: Callable[..., pl.LazyFrame]
    division: Division
    narrow: Mapping[str, Callable[[pl.LazyFrame, list[date]], pl.LazyFrame]] | None = None
    needed: Mapping[str, Needed] | None = None
    settings: tuple[str, ...] = ()
    chosen: Mapping[str, Any] = field(default_factory=dict)
    newest_days: int | None = None
    is_local: bool = False

    def rows(self, frames: Frames, day: date, time_zone: str) -> pl.LazyFrame:
        """The rows of the day, in a lake of that zone."""
        return self.compute(frames, day, time_zone=time_zone) if self.is_local else self.compute(frames, day)
