"""Writing Parquet as the whole system does: fast zstd, dictionaries only where they pay, on stable storage at return."""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import MaidianError
from schemas.lake.durable import sync_folder

# A dictionary of ids or times is built, found too large and thrown away: only columns of few values get one.
_FEW_VALUES = frozenset(
    {
        "action",
        "campaign_id",
        "category_id",
        "channel",
        "currency",
        "event_type",
        "field",
        "kind",
        "landing_source",
        "list",
        "placed_by",
        "segment",
        "source",
        "status",
    }
)

# A row group is what a reader skips or takes as a whole. Refused lines may be long.
ROW_GROUP_ROWS = 131_072
ROW_GROUP_BYTES = 128 * 1024 * 1024

_ZSTD_LEVEL = 1  # level 3 takes a third more CPU and saves 2.5 % of the bytes of events

_ROWS_A_BATCH = 16_384  # encoded at once; the default of 1,024 takes a tenth more CPU and makes the same bytes


def write_rows(slices: Iterable[pa.Table], path: Path, schema: pa.Schema) -> None:
    """Write one row group for each slice, in the order given; no slice makes a file without rows.

    The file has its name only when it is whole and on stable storage; the same slices make the same bytes. Raises
    `MaidianError` when the machine cannot write.
    """
    temp_path = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            _write(slices, temp_path, schema)
            temp_path.rename(path)
        finally:
            temp_path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        why = error.strerror or error
        raise MaidianError(f"cannot write {path}: {why}; nothing was kept of it, mend that and run again") from error


def gather_rows(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put small tables together, so that a row group is worth reading; one row group in memory at a time."""
    gathered: list[pa.Table] = []
    row_count = byte_count = 0
    for table in tables:
        gathered.append(table)
        row_count += table.num_rows
        byte_count += table.nbytes
        if row_count >= ROW_GROUP_ROWS or byte_count >= ROW_GROUP_BYTES:
            yield pa.concat_tables(gathered)
            gathered = []
            row_count = byte_count = 0
    if gathered:
        yield pa.concat_tables(gathered)


def _write(slices: Iterable[pa.Table], path: Path, schema: pa.Schema) -> None:
    with path.open("xb") as file:
        with pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=[name for name in schema.names if name in _FEW_VALUES],
            write_statistics=[field.name for field in schema if _helps_to_skip(field)],
            write_batch_size=_ROWS_A_BATCH,
        ) as writer:
            for each in slices:
                if each.num_rows:
                    writer.write_table(each.cast(schema), row_group_size=each.num_rows)
        file.flush()
        os.fsync(file.fileno())


def _helps_to_skip(field: pa.Field) -> bool:
    """Whether a reader can leave a row group out by the column's bounds: ids and texts are all over the place."""
    is_wide = pa.types.is_string(field.type) or pa.types.is_binary(field.type) or pa.types.is_nested(field.type)
    return field.name in _FEW_VALUES or not is_wide
