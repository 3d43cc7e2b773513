"""The tables as a list reads them: the marts of one day, the facts up to it, each from one snapshot."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb

from maidian.reading.as_of import files_between
from maidian.reading.views import create_view
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.lake.storage.environment import FileAt
from schemas.tables import declared_tables
from schemas.tables.declaration import Table
from schemas.tables.export_log import TABLE as EXPORT_LOG

# Without it nobody knows where a company stands; the other tables of a day are made in the same run.
NEEDED = "customer_profiles"


@dataclass(frozen=True)
class PinnedTables:
    """A connection with a view a table, and the snapshot that each reads; None where nothing was published."""

    connection: duckdb.DuckDBPyConnection
    snapshots: dict[str, Snapshot | None]

    def input_ids(self) -> dict[str, str | None]:
        """The snapshots that a list is made from: not the log, which each export adds to."""
        return {
            name: snapshot.id if snapshot else None
            for name, snapshot in self.snapshots.items()
            if name != EXPORT_LOG.name
        }


@contextmanager
def pin_tables(lake: Lake, names: Iterable[str], as_of: date) -> Iterator[PinnedTables]:
    """The tables as of a day. UsageError when the marts of that day are not built."""
    tables = [declared_tables()[name] for name in names]
    snapshots = lake.tables.currents(table.name for table in tables)
    _check_built(as_of, snapshots[NEEDED])
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{lake.time_zone}'")
        for table in tables:
            create_view(connection, table, lake.tables.fetch(_files(table, snapshots[table.name], as_of)))
        yield PinnedTables(connection, snapshots)


def newest_day(lake: Lake) -> date:
    """The newest day that lists can be made as of."""
    built = _built(current_snapshot(lake, NEEDED))
    if not built:
        raise UsageError(f"lake {lake.name}: no table that lists are made from is built; run `maidian run`")
    return built[-1]


def _check_built(as_of: date, snapshot: Snapshot | None) -> None:
    built = _built(snapshot)
    if as_of not in built:
        there = f"there is {built[0]} to {built[-1]}" if built else "nothing is built"
        raise UsageError(
            f"--as-of {as_of}: {NEEDED} of that day is not built ({there}); run `maidian run --as-of {as_of}` first"
        )


def _built(snapshot: Snapshot | None) -> list[date]:
    return sorted(date.fromisoformat(day) for day in snapshot.manifest.partitions) if snapshot else []


def _files(table: Table, snapshot: Snapshot | None, as_of: date) -> list[FileAt]:
    """What to read: of a mart the day, of a fact the days up to it, of a master and of the log all."""
    first = as_of if table.is_mart else date.min
    last = as_of if table.is_mart or table.partition == "event_date" else date.max
    return files_between(snapshot, first, last)
