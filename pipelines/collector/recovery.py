"""Finishing the segments of collectors that died: cut to the last whole request, then given their final name."""

import fcntl
import logging
import os
import time
from pathlib import Path

from pipelines.collector.landing import UNMAPPED_FOLDER
from pipelines.collector.segment import GROWING_SUFFIX, complete, final_path, whole_requests_bytes

log = logging.getLogger(__name__)

_EMPTY_SECONDS = 60  # no writer waits that long between creating a file and locking it


def finish_abandoned(landing: Path) -> int:
    """Finish every growing segment whose writer is dead; returns how many.

    Any number of processes may do this at once. A segment that cannot be finished now is left for the next look.
    """
    finished_count = 0
    for folder in (landing, landing / UNMAPPED_FOLDER):
        for path in _growing_segments(folder):
            try:
                finished_count += _finish(path)
            except OSError as error:
                log.warning("cannot finish the segment %s yet: %s", path, error.strerror)
    return finished_count


def _growing_segments(folder: Path) -> list[Path]:
    """Growing segments of every source below a folder, whoever writes them."""
    found: list[Path] = []
    try:
        for source in list(os.scandir(folder)):
            if source.is_dir():
                # Years of finished segments may stand beside them: names alone are looked at.
                found += [Path(entry.path) for entry in os.scandir(source) if entry.name.endswith(GROWING_SUFFIX)]
    except FileNotFoundError:
        pass  # nothing was kept there yet
    except OSError as error:
        log.warning("cannot look for unfinished segments in %s: %s", folder, error.strerror)
    return sorted(found)


def _finish(path: Path) -> bool:
    """Finish one segment if its writer is dead."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # Its writer, or another process, finished it.
        return False
    try:
        if not _is_abandoned(descriptor, path):
            return False
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes == 0:
            # Its writer may have created it a moment ago and wait for the lock we hold. A minute on, it is dead.
            if time.time() - os.fstat(descriptor).st_mtime > _EMPTY_SECONDS:
                path.unlink(missing_ok=True)
            return False
        whole_bytes = whole_requests_bytes(descriptor)
        complete(descriptor, path, whole_bytes)
        log.warning(
            "finished the segment %s of a collector that died: %d bytes, %d of a request that was never answered cut off",
            final_path(path).name,
            whole_bytes,
            size_bytes - whole_bytes,
        )
        return True
    finally:
        os.close(descriptor)


def _is_abandoned(descriptor: int, path: Path) -> bool:
    """Take the lock of a segment whose writer is dead and which nobody finished meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False
