"""The growing segments of one process, one a folder, and the rule that a group is kept whole or not at all."""

import logging
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pipelines.collector.segment import GrowingSegment
from schemas.lake.durable import sync_folder

log = logging.getLogger(__name__)


class SegmentSet:
    """Used by one thread at a time. Folders are named relative to the landing."""

    def __init__(self, landing: Path, max_segment_bytes: int, max_segment_seconds: float) -> None:
        self._landing = landing
        self._max_segment_bytes = max_segment_bytes
        self._max_segment_seconds = max_segment_seconds
        self._growing: dict[str, tuple[GrowingSegment, float]] = {}
        self._unfinished: list[GrowingSegment] = []
        """Segments that met an error. Nothing is added to them; finishing is tried until it succeeds."""

    def commit(self, requests: Sequence[dict[str, bytes]]) -> None:
        """Keep a group of requests, given as bytes by folder. OSError: nothing of the group is kept."""
        parts: dict[str, list[bytes]] = {}
        for request in requests:
            for folder, data in request.items():
                parts.setdefault(folder, []).append(data)
        written: list[tuple[str, GrowingSegment, int]] = []
        try:
            for folder, pieces in parts.items():
                data = b"".join(pieces)
                segment = self._segment(folder)
                written.append((folder, segment, len(data)))
                segment.write(data)
            for _folder, segment, _byte_count in written:
                segment.sync()
        except OSError:
            for folder, segment, _byte_count in written:
                self._undo(folder, segment)
            raise
        for folder, segment, byte_count in written:
            segment.size_bytes += byte_count
            if segment.size_bytes >= self._max_segment_bytes:
                self._retire(folder)

    def finish_old(self) -> None:
        """Finish the segments that are old enough, and those that could not be finished before."""
        born_before = time.monotonic() - self._max_segment_seconds
        for folder in [folder for folder, (_segment, born) in self._growing.items() if born <= born_before]:
            self._retire(folder)
        self._finish_retired()

    def finish_all(self) -> None:
        """Finish every segment; one that refuses is left to the next collector."""
        for folder in list(self._growing):
            self._retire(folder)
        self._finish_retired()

    def _segment(self, folder: str) -> GrowingSegment:
        if folder not in self._growing:
            path = self._landing / folder
            _make_folder(path)
            # The time for whoever looks or archives; the random part so that no two collectors ever share a name.
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{os.getpid()}-{secrets.token_hex(4)}"
            self._growing[folder] = GrowingSegment(path, name), time.monotonic()
        return self._growing[folder][0]

    def _undo(self, folder: str, segment: GrowingSegment) -> None:
        """Take back what is not committed. After an error of the device the file is not trusted with more."""
        with suppress(OSError):
            segment.undo()
        del self._growing[folder]
        self._unfinished.append(segment)

    def _retire(self, folder: str) -> None:
        self._unfinished.append(self._growing.pop(folder)[0])
        self._finish_retired()

    def _finish_retired(self) -> None:
        left = []
        for segment in self._unfinished:
            try:
                segment.finish()
            except OSError as error:
                log.warning("cannot finish the segment %s yet: %s", segment.path, error.strerror)
                left.append(segment)
        self._unfinished = left


def _make_folder(path: Path) -> None:
    """Create a folder and its parents so that their names survive a power cut."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)
