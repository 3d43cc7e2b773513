"""What an import says when it is done: one record a file, printed, and kept beside the lake's tables."""

from pathlib import Path

import msgspec

from pipelines.imports.ledger import EventCount, Ledger
from schemas.errors import MaidianError
from schemas.lake.durable import write_durably


class RefusedSample(msgspec.Struct):
    """One refused row: its number in the file (1 is the first after the header) and why."""

    row: int
    reason: str


class ImportReport(msgspec.Struct, kw_only=True):
    """The import of one file.

    With a mapping: read_count + used_again_count = rows in events + rows filtered + refused_count.
    Without one, lines are copied and `copied_line_count` says how many.
    """

    file: str
    source: str
    mapping: str | None
    segment: str | None
    """Its name below the landing; None when nothing of the file became an event."""
    is_new: bool
    """False when this very file was imported with this mapping before: nothing was written."""
    copied_line_count: int | None = None
    read_count: int | None = None
    used_again_count: int = 0
    events: list[EventCount] = []
    filtered_counts: dict[str, int] = {}
    refused_count: int = 0
    refused_sample: list[RefusedSample] = []
    refused_file: str | None = None
    differing_counts: dict[str, int] = {}
    """Orders whose rows do not agree on a column that belongs to the order, by column; the first row's was taken."""
    unseen_columns: list[str] = []
    """Columns of the mapping that no row of the file has a value for, where the format has no header to check."""

    @property
    def event_count(self) -> int:
        """Events that were written."""
        return sum(each.event_count for each in self.events)

    def add_counts(self, ledger: Ledger) -> None:
        """Take over what the ledger counted."""
        self.read_count = ledger.read_count
        self.used_again_count = ledger.used_again_count
        self.events = ledger.event_counts()
        self.filtered_counts = dict(ledger.filtered_counts)
        self.refused_count = ledger.refused_count
        self.refused_sample = [RefusedSample(each.number, each.reason) for each in ledger.refused_sample]
        self.differing_counts = dict(sorted(ledger.differing_counts.items()))
        self.unseen_columns = sorted(ledger.unseen_columns)


def keep_report(report: ImportReport, path: Path) -> None:
    """Write the report where `read_report` finds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise MaidianError(f"cannot write {path}: {error.strerror or error}; nothing was imported") from error


def read_report(path: Path) -> ImportReport | None:
    """The report of an earlier import, if it was kept."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ImportReport)
    except (OSError, msgspec.DecodeError):
        return None
