"""Whether a day of a job may be computed in parts, on several workers or one after the other: by ranges of a key.

Ranges, not hashes: each key lies in exactly one range whatever a worker's processor or version makes of a hash, a sorted
file is read only where the range is, and parts written one after another stand in the order of the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import polars as pl

if TYPE_CHECKING:
    from jobs.engine.declaration import Frames, Input


@dataclass(frozen=True)
class Divided:
    """A day's rows depend only on input rows of the same key, and on the whole of some inputs.

    `by` is the key, a column of every input but those named in `keys`, where it is an expression over the input's
    columns, those named in `whole`, which every part reads whole, and references, which all do. The key is a text.

    The job's rows stand in the order of the key, rows without one first; where they do not, `order_by` are the columns
    by which they do, and the parts are put in that order: no two rows may be equal in them.
    """

    by: str
    keys: Mapping[str, pl.Expr] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()

    def key_of(self, read: "Input") -> pl.Expr | None:
        """The key in the rows of an input; None where the input is read whole."""
        if read.is_reference or read.table in self.whole:
            return None
        return self.keys.get(read.table, pl.col(self.by))


@dataclass(frozen=True)
class Undivided:
    """A day is one worker's work. `because` completes the sentence "it is computed whole, for …"."""

    because: str


Division = Divided | Undivided


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of `count` parts of a day: the keys from `low` on and below `high`, where there are such bounds.

    The first part has the rows without a key.
    """

    number: int
    count: int
    low: str | None
    high: str | None

    def holds(self, key: pl.Expr) -> pl.Expr:
        """Whether a row is of this part."""
        if self.low is None:
            return key.is_null() | (pl.lit(value=True) if self.high is None else key < pl.lit(self.high))
        if self.high is None:
            return key >= pl.lit(self.low)
        return key.is_between(pl.lit(self.low), pl.lit(self.high), closed="left")


def parts_between(bounds: Sequence[str]) -> list[Part]:
    """The parts that rising bounds make: one more than there are bounds."""
    edges = [None, *bounds, None]
    return [
        Part(number=number, count=len(bounds) + 1, low=edges[number], high=edges[number + 1])
        for number in range(len(bounds) + 1)
    ]


def equal_parts(keys: pl.Series, count: int) -> list[Part]:
    """At most `count` parts with about as many of the keys each; fewer where one key is more than a part."""
    known = keys.drop_nulls().sort()
    bounds = {known[known.len() * number // count] for number in range(1, count)} if known.len() else set()
    return parts_between(sorted(bounds))


def frames_of_part(division: Divided, inputs: Sequence["Input"], frames: "Frames", part: Part) -> "Frames":
    """What a part of the day reads."""
    keys = {read.table: division.key_of(read) for read in inputs}
    return {
        table: frame if (key := keys[table]) is None else frame.filter(part.holds(key))
        for table, frame in frames.items()
    }
