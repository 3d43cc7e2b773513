"""The import of a master: every row of one file, checked, sorted by key, published as the whole table."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.imports.import_files import Progress, check_columns
from pipelines.imports.input_file import InputPath, UnpackedFile, check_unchanged, find_input
from pipelines.imports.masters.master_mapping import CompiledMaster
from pipelines.imports.readers.batch import Batch
from pipelines.imports.readers.open_reader import open_reader
from pipelines.imports.values import Refusal
from pipelines.ingest.audit import Audit
from schemas.errors import UsageError
from schemas.lake.durable import sync_file
from schemas.lake.lake import Lake
from schemas.lake.locks import hold_lock
from schemas.lake.manifest import describe_file
from schemas.lake.publish import Change, NewFile, publish, staged_file
from schemas.lake.snapshots import Snapshot, current_snapshot
from schemas.tables.declaration import Table

PART_NAME = "part-0.parquet"


class MasterReport(msgspec.Struct, kw_only=True):
    """What an import of a master did: read_count = row_count + rows left out."""

    file: str
    table: str
    read_count: int
    row_count: int
    filtered_counts: dict[str, int]
    is_new: bool
    """False when the table held exactly these rows already: nothing was published."""
    snapshot_id: str


def import_master(
    path: Path,
    mapping: CompiledMaster,
    lake: Lake,
    audit: Audit,
    on_progress: Progress = lambda _rows, _share: None,
) -> MasterReport:
    """Replace the table by what the file says. UsageError, and the table as it was, when any row is at fault.

    A row that cannot be taken refuses the whole file: a master that lacks rows would show as products without names.
    """
    file = find_input(path)
    with hold_lock(lake.lock_path(f"import-{mapping.table.name}"), f"an import of {mapping.table.name}"):
        rows = _Rows(file, mapping)
        rows.read(on_progress)
        check_unchanged(file)
        snapshot, is_new = _publish(lake, mapping.table, rows.as_table(), audit)
    return MasterReport(
        file=str(path),
        table=mapping.table.name,
        read_count=rows.read_count,
        row_count=snapshot.manifest.row_count,
        filtered_counts=dict(rows.filtered_counts),
        is_new=is_new,
        snapshot_id=snapshot.id,
    )


class _Rows:
    """The rows of one file. Masters are small beside events: they are held in memory."""

    def __init__(self, file: InputPath, mapping: CompiledMaster) -> None:
        self._file = file
        self._mapping = mapping
        self._values: dict[str, list[Any]] = {each.column.name: [] for each in mapping.columns}
        self._row_of_key: dict[str, int] = {}
        self.read_count = 0
        self.filtered_counts: Counter[str] = Counter()

    def read(self, on_progress: Progress) -> None:
        """Take every row in; UsageError at the first that is at fault, with its number."""
        unpacked = UnpackedFile(self._file)
        with closing(open_reader(self._file, self._mapping.input, unpacked)) as reader:
            wanted = self._mapping.file_columns
            unseen = check_columns(self._file, reader, self._mapping.label, wanted)
            for batch in reader.batches():
                self.read_count += len(batch)
                self._refuse((refused.number, refused.reason) for refused in batch.refused)
                unseen -= {name for name in unseen if any(value is not None for value in batch.column(name))}
                self._take(self._drop(batch))
                on_progress(self.read_count, unpacked.position / self._file.size_bytes if unpacked.position else None)
        if unseen:
            named = ", ".join(repr(name) for name in sorted(unseen))
            self._fail(f"no row has a value in {named}; is it the right column?")
        if not self._row_of_key:
            self._fail("it holds no row; was its export cut short?")

    def as_table(self) -> pa.Table:
        """All rows as the table declares them, in the order of the key; columns the mapping leaves out are null."""
        schema, count = self._mapping.table.file_schema, len(self._row_of_key)
        columns = [
            pa.array(self._values[each.name], each.type) if each.name in self._values else pa.nulls(count, each.type)
            for each in schema
        ]
        return pa.table(columns, schema=schema).sort_by(self._mapping.key)

    def _drop(self, batch: Batch) -> Batch:
        for name, test in self._mapping.drops:
            fits = test(batch)
            if True in fits:
                self.filtered_counts[name] += fits.count(True)
                batch = batch.take(place for place, is_dropped in enumerate(fits) if not is_dropped)
        return batch

    def _take(self, batch: Batch) -> None:
        for each in self._mapping.columns:
            made = each.make(batch)
            if each.is_key or Refusal.is_in(made):
                self._refuse(
                    (number, value.reason if isinstance(value, Refusal) else f"{each.column.name} has no value")
                    for number, value in zip(batch.numbers, made, strict=True)
                    if isinstance(value, Refusal) or (each.is_key and value is None)
                )
            values: list[Any] = [None if value is None else each.finish(value) for value in made]
            self._values[each.column.name] += values
            if each.is_key:
                self._note_keys(values, batch)

    def _note_keys(self, keys: list[str], batch: Batch) -> None:
        for key, number in zip(keys, batch.numbers, strict=True):
            first = self._row_of_key.setdefault(key, number)
            if first != number:
                self._fail(f"{self._mapping.key} {key!r} stands in row {first:,} and again in row {number:,}")

    def _refuse(self, faults: Iterator[tuple[int, str]]) -> None:
        for number, reason in faults:
            self._fail(f"row {number:,}: {reason}")

    def _fail(self, what: str) -> None:
        raise UsageError(f"{self._file.path}: {what}; {self._mapping.table.name} stays as it was")


def _publish(lake: Lake, table: Table, rows: pa.Table, audit: Audit) -> tuple[Snapshot, bool]:
    """The rows as the table's only partition; the snapshot that is there when it holds the same bytes already."""
    base = current_snapshot(lake, table.name)
    staging = lake.fresh_staging(f"import-{table.name}")
    today = _business_day(lake).isoformat()
    path = staged_file(staging, table, today, PART_NAME)
    pq.write_table(rows, path, compression="zstd")
    sync_file(path)
    old = base.manifest.partitions if base else {}
    made = describe_file(path, rows.num_rows)
    if base and [file.digest for partition in old.values() for file in partition.files] == [made.digest]:
        return base, False
    outcomes = audit(table, {today: [path]})
    change = Change(add={today: [NewFile(path, PART_NAME, rows.num_rows)]}, replace=list(old))
    return publish(lake, table, base, change, {"audit": outcomes}, staging), True


def _business_day(lake: Lake) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(lake.time_zone)).date()
