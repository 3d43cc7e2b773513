"""What a snapshot's manifest says: which files make up each partition, and what they were made from."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from schemas.errors import MaidianError

_CHUNK_BYTES = 1 << 20


class DataFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One Parquet file. `digest` is a BLAKE2b of its bytes.

    In an object store, `origin` is the snapshot that the file was written for, where that is an earlier one.
    """

    name: str
    row_count: int
    byte_count: int
    digest: str
    origin: str | None = None


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """One partition: its files in the order of their names."""

    files: list[DataFile]

    @property
    def row_count(self) -> int:
        """Rows in all files."""
        return sum(file.row_count for file in self.files)

    @property
    def fingerprint(self) -> str:
        """Equal when, and only when, the files hold the same bytes."""
        joined = " ".join(sorted(file.digest for file in self.files))
        return hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest beside a snapshot's directory. `state` belongs to the writer of the table."""

    table: str
    id: str
    parent: str | None
    created_at: str
    table_version: int
    partition_column: str
    partitions: dict[str, Partition]
    state: dict[str, Any] = {}

    @property
    def row_count(self) -> int:
        """Rows in all partitions."""
        return sum(partition.row_count for partition in self.partitions.values())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. MaidianError when it is damaged or gone."""
    try:
        return decode_manifest(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise MaidianError(f"{path} is missing; roll the table back to an older snapshot") from None


def decode_manifest(content: bytes, where: str) -> Manifest:
    """The manifest that was read. MaidianError when it is damaged."""
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise MaidianError(f"{where} is damaged ({error}); roll the table back to an older snapshot") from None


def describe_file(path: Path, row_count: int, name: str | None = None) -> DataFile:
    """Measure a finished file; `name` is what it is called in its partition, by default as it is now."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return DataFile(
        name=name or path.name, row_count=row_count, byte_count=path.stat().st_size, digest=digest.hexdigest()
    )
