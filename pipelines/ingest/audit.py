"""The audit as ingest sees it: handed in by the entry point, for pipelines and jobs do not import each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from schemas.tables.declaration import Table


class Audit(Protocol):
    """Judge the partitions that are about to be published."""

    def __call__(self, table: Table, partitions: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
        """`partitions` holds the files each partition will have. Returns the outcomes to keep in the snapshot.

        Raises `RefusedError` when a critical expectation fails.
        """
