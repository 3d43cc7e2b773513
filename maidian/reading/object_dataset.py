"""A table in an object store as a dataset of Arrow: DuckDB hands it the columns and days that a query needs.

DuckDB's own reader of S3 is an extension that is fetched from the network when it is first used.
"""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs

from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import SCHEME, read_access
from schemas.tables.declaration import Table


def dataset_of(table: Table, snapshot: Snapshot) -> ds.Dataset:
    """The files that the snapshot names. Nothing is opened here; columns declared later than a file was written are null."""
    paths, days = [], []
    for value, file in snapshot.each_file():
        paths.append(str(snapshot.locate(value, file)).removeprefix(SCHEME))
        days.append(pc.field(table.partition) == pa.scalar(date.fromisoformat(value), pa.date32()))
    return ds.FileSystemDataset.from_paths(
        paths,
        schema=table.schema,
        format=ds.ParquetFileFormat(),
        filesystem=pyarrow.fs.S3FileSystem(**read_access().arrow_options()),
        partitions=days,
    )
