"""What became of every row of a file, in numbers that add up.

rows read + rows used again = rows in events + rows filtered + rows refused. A row is used again when a second
`[[event]]` of the mapping takes it too; with one event a row that number is 0.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from pipelines.imports.readers.batch import Batch, RefusedRow

BLANK_RULE = "blank line"
NO_EVENT_RULE = "no [[event]] takes it"
SAMPLE_SIZE = 5
"""Refused rows shown in the summary: enough to see what is wrong, all of them are in the file of refused rows."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class BytesSink(Protocol):
    """Something lines are written to."""

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        ...


class Nowhere:
    """Takes lines and keeps none: for a reading that only looks."""

    def write(self, data: bytes) -> None:
        """Forget the lines."""


class EventCount(msgspec.Struct):
    """The rows and events of one event type, and of one status where it is an order."""

    event_type: str
    status: str | None
    row_count: int = 0
    event_count: int = 0


@dataclass
class Ledger:
    """Counts of one file, kept while it streams. Refused rows go straight to `refused_sink`, nothing piles up."""

    refused_sink: BytesSink
    read_count: int = 0
    used_again_count: int = 0
    refused_count: int = 0
    filtered_counts: Counter[str] = field(default_factory=Counter)
    differing_counts: Counter[str] = field(default_factory=Counter)
    """Orders whose rows do not agree on a column that belongs to the order; the first row's value was taken."""
    unseen_columns: set[str] = field(default_factory=set)
    """Columns of the mapping that no row had a value for so far."""
    refused_sample: list[RefusedRow] = field(default_factory=list)
    _events: dict[tuple[str, str | None], EventCount] = field(default_factory=dict)

    def count_events(self, event_type: str, status: str | None, row_count: int, event_count: int) -> None:
        """Note events that were written, and the rows they are made of."""
        found = self._events.setdefault((event_type, status), EventCount(event_type, status))
        found.row_count += row_count
        found.event_count += event_count

    def refuse(self, rows: Iterable[RefusedRow]) -> None:
        """Note rows that became nothing."""
        for row in rows:
            self.refused_count += 1
            if len(self.refused_sample) < SAMPLE_SIZE:
                self.refused_sample.append(row)
            line = _ENCODER.encode({"row": row.number, "reason": row.reason, "values": row.values})
            self.refused_sink.write(line + b"\n")

    def watch_columns(self, batch: Batch) -> None:
        """Strike off the columns that have a value somewhere."""
        for name in list(self.unseen_columns):
            if any(value is not None for value in batch.column(name)):
                self.unseen_columns.discard(name)

    def event_counts(self) -> list[EventCount]:
        """By type and status, most events first."""
        return sorted(self._events.values(), key=lambda each: (-each.event_count, each.event_type, each.status or ""))

    def check_sums(self) -> None:
        """Every row is accounted for; anything else is a bug of ours and must not be published."""
        in_events = sum(each.row_count for each in self._events.values())
        accounted = in_events + self.filtered_counts.total() + self.refused_count
        if self.read_count + self.used_again_count != accounted:
            raise AssertionError(
                f"{self.read_count} rows read and {self.used_again_count} used again, but {accounted} accounted for"
            )
