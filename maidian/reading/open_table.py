"""One table as a lazy frame, for notebooks and scripts: `maidian.open_table("sku_viewers")`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from schemas.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from schemas.tables.declaration import Table


def open_table(name: str, lake: str | Path | None = None) -> pl.LazyFrame:
    """The table as it is published now, whatever is published while it is read.

    Args:
        name: of the table, such as "sku_viewers".
        lake: the lake's directory, or s3://BUCKET/PREFIX; without one that of MAIDIAN_LAKE, else ./lake.

    Returns:
        All its partitions with the declared columns (docs/tables.md); no rows where nothing was published yet. Filter
        on the partition column (`as_of` of a mart, `event_date` of a fact), and only those files are read.

    Raises:
        UsageError: there is no such table, or no lake.
    """
    import polars as pl

    from jobs.engine.scan import scan_files
    from maidian.options import DEFAULT_LAKE
    from maidian.reading.run_log import run_log
    from schemas.lake.lake import open_lake
    from schemas.lake.place import parse_place
    from schemas.lake.snapshots import current_snapshot
    from schemas.tables import declared_log

    opened = open_lake(parse_place(lake or os.environ.get("MAIDIAN_LAKE") or DEFAULT_LAKE))
    if name == declared_log().name:
        return pl.DataFrame(run_log(opened)).lazy()
    table = find_table(name)
    snapshot = current_snapshot(opened, name)
    return scan_files(table, snapshot.files() if snapshot else [])


def find_table(name: str) -> Table:
    """The declaration of that name. UsageError names those there are."""
    from schemas.tables import declared_log, declared_tables

    tables = declared_tables()
    if name not in tables:
        raise UsageError(
            f"there is no table {name!r}; the tables are: {', '.join(sorted([*tables, declared_log().name]))}"
        )
    return tables[name]
