"""Where a lake is, as a person names it: a folder, or `s3://bucket/prefix`."""

import re
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError
from schemas.lake.storage.environment import SCHEME

# What S3 allows in the names of buckets; of a prefix, what stands for itself in URLs and in Parquet readers' patterns.
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"[A-Za-z0-9_./-]*")


@dataclass(frozen=True)
class StorePlace:
    """A prefix (which may be empty) in a bucket of an object store."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")


LakePlace = Path | StorePlace


def parse_place(text: str | Path) -> LakePlace:
    """Tell the two apart before a path makes one slash of two. UsageError for a URL of another kind."""
    if isinstance(text, Path) or "://" not in text:
        return Path(text)
    if not text.startswith(SCHEME):
        raise UsageError(f"a lake at {text}: only folders and {SCHEME}BUCKET/PREFIX are known; give one of these")
    bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
    prefix = prefix.strip("/")
    if not BUCKET.fullmatch(bucket):
        raise UsageError(f"a lake at {text}: {bucket!r} cannot be a bucket; write {SCHEME}BUCKET/PREFIX")
    if not PREFIX.fullmatch(prefix) or {"", ".", ".."} & set(prefix.split("/") if prefix else ()):
        raise UsageError(f"a lake at {text}: use only letters, digits, _ . - and single slashes after the bucket")
    return StorePlace(bucket, prefix)
