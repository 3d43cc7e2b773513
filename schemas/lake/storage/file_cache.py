"""Objects on this machine's disk: they never change, so one that is here need not be read again."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from schemas.lake.storage.object_client import ObjectClient

# What yesterday's and today's questions read stays; what nobody has read for so long is fetched again when it is asked for.
UNUSED_SECONDS = 3 * 86_400


def fetch(client: ObjectClient, folder: Path, keys: Iterable[str]) -> list[Path]:
    """The objects as files below the folder, in order; those that are not there come from the store, several at once."""
    wanted = [(key, folder / key) for key in keys]
    missing = {key: path for key, path in wanted if not _is_used(path)}
    if missing:
        client.each(lambda pair: client.download(*pair), missing.items())
    return [path for _, path in wanted]


def remove_unused(folder: Path) -> None:
    """Remove the files that `fetch` has not given out for days."""
    oldest = time.time() - UNUSED_SECONDS
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if path.lstat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _is_used(path: Path) -> bool:
    """Whether the file is here; if so, note that it was used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
