"""Files of a lake that are no tables: the immutable ones that snapshots name, and the logs, which grow by a line.

They lie below the lake's folder. Where the lake is in an object store, that folder is this machine's own and may be gone
tomorrow: what counts is in the store, under the same names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from schemas.lake.line_log import append_to_file, appended, shortened
from schemas.lake.storage.file_cache import fetch
from schemas.lake.storage.object_client import ObjectClient, StoreError, TakenError

# Two commands that end at the same time both note it; ten at once are a scheduler's mistake, and one note is lost.
TRIES = 10


class KeptFile(NamedTuple):
    """One that is there, by its name below the lake."""

    name: str
    modified_at: datetime


class KeptFiles(Protocol):
    """Names are paths below the lake's folder, with forward slashes."""

    def keep(self, names: Iterable[str]) -> None:
        """Make files that were just written below the folder as lasting as the tables. They never change."""

    def recall(self, names: Iterable[str]) -> None:
        """Have kept files in their places below the folder."""

    def names(self, folder: str) -> list[KeptFile]:
        """What is kept in a folder."""

    def remove(self, names: Iterable[str]) -> None:
        """Keep them no longer."""

    def append_line(self, name: str, line: bytes) -> None:
        """Add a line, given without its line feed, to a log."""

    def read(self, name: str) -> bytes:
        """A log as it is now; empty where there is none."""


@dataclass(frozen=True)
class FolderFiles:
    """In a lake that is a folder they are where they were written."""

    path: Path

    def keep(self, names: Iterable[str]) -> None:
        """Done by whoever wrote them durably."""

    def recall(self, names: Iterable[str]) -> None:
        """They are there."""

    def names(self, folder: str) -> list[KeptFile]:
        """The entries of the folder."""
        found = []
        for path in (self.path / folder).glob("*"):
            try:
                found.append(KeptFile(f"{folder}/{path.name}", datetime.fromtimestamp(path.stat().st_mtime, UTC)))
            except FileNotFoundError:  # a temporary name, which has become a final one by now
                continue
        return found

    def remove(self, names: Iterable[str]) -> None:
        """Unlink them."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    def append_line(self, name: str, line: bytes) -> None:
        """Call it with a lock held: one writer at a time."""
        append_to_file(self.path / name, line)

    def read(self, name: str) -> bytes:
        """The whole file."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return b""


@dataclass(frozen=True)
class ObjectFiles:
    """In an object store they are objects, and the folder holds copies."""

    client: ObjectClient
    path: Path

    def keep(self, names: Iterable[str]) -> None:
        """Write each to its key."""
        self.client.each(lambda name: self.client.put(name, self.path / name), names)

    def recall(self, names: Iterable[str]) -> None:
        """Fetch those that are not here."""
        fetch(self.client, self.path, names)

    def names(self, folder: str) -> list[KeptFile]:
        """The objects of the folder."""
        return [KeptFile(one.key, one.modified_at) for one in self.client.list_folder(folder)[0]]

    def remove(self, names: Iterable[str]) -> None:
        """In the store, and here."""
        gone = list(names)
        self.client.delete(gone)
        for name in gone:
            (self.path / name).unlink(missing_ok=True)

    def append_line(self, name: str, line: bytes) -> None:
        """Write the log anew with the line, unless somebody else has meanwhile: then once more."""
        for _ in range(TRIES):
            old = self.client.get(name)
            try:
                if old is None:
                    self.client.create(name, appended(b"", line))
                else:
                    self.client.replace(name, appended(shortened(old.data), line), old.tag)
            except TakenError:
                continue
            return
        raise StoreError(f"{self.client.url}/{name} is written to by too many at once; the line is not in it")

    def read(self, name: str) -> bytes:
        """The whole object."""
        content = self.client.get(name)
        return content.data if content else b""
