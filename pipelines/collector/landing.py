"""Where the collector puts what it accepts: one small interface, kept by files (landing_files) and by Kafka (landing_kafka).

A request becomes one call of `append`. When that is done, everything of the request is on stable storage; when it fails,
nothing of it is. Lines are JSON texts in the contract of `schemas.events`, good or bad, one event each, without a line
break. `unmapped` are originals whose names map to none of our events: they are kept just as durably, apart from the
lines and out of the ingest's sight, to be sent through again once the mapping knows them.
"""

import os
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol

from schemas.errors import MaidianError

UNMAPPED_FOLDER = ".unmapped"
"""Below the landing; `<landing>/.unmapped/<source>/<segment>.ndjson`. The dot keeps it from the ingest."""


class LandingError(MaidianError):
    """Nothing of the request was kept; the client should send it again after `retry_after_seconds`."""

    retry_after_seconds = 5


class LandingFullError(LandingError):
    """Storage refuses bytes (a full disk, an input or output error, a full spool); it may be mended any moment."""

    retry_after_seconds = 30


class LandingSlowError(LandingError):
    """Storage takes bytes more slowly than they arrive, and what waits already is as much as may wait."""


class Landing(Protocol):
    """Durable storage for the events of many requests at a time. One object belongs to one event loop."""

    async def start(self) -> None:
        """Called once, in the event loop, before the first `append`: finish what dead collectors left behind."""

    def append(self, source: str, lines: Sequence[bytes], unmapped: Sequence[bytes] = ()) -> Awaitable[None]:
        """Keep all of one request, or nothing of it; what this returns is done when it is on stable storage.

        `LandingFullError` or `LandingSlowError`, at once or when waited for: it was not kept. A caller that stops waiting
        does not know.
        """

    async def close(self) -> None:
        """Finish what is waiting, give unfinished segments their names, and let go of every file."""


def make_folder(folder: Path, name: str, option: str) -> None:
    """Create a folder to keep events in. MaidianError, with its name and how another is given, when it cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MaidianError(f"cannot use the {name} {folder}: {error.strerror}; give another {option}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MaidianError(f"the {name} {folder} cannot be written; change its owner or mode, or give another {option}")
