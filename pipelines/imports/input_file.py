"""The file a person names: found, fingerprinted, unpacked, and watched for changes while it is read."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.errors import MaidianError, UsageError

BLOCK_BYTES = 1 << 18
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class InputPath:
    """One existing, readable, regular file that is not empty."""

    path: Path
    size_bytes: int
    modified_ns: int
    is_gzip: bool

    @property
    def stem(self) -> str:
        """The name without `.gz` and without what is left of a suffix."""
        return Path(self.path.name.removesuffix(".gz")).stem

    @property
    def suffix(self) -> str:
        """The suffix that tells the format, without `.gz`, in lower case."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix


def find_input(path: Path) -> InputPath:
    """Look at the file before anything is written; one line for whatever is wrong with it."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a directory; name the files in it, such as {path}/*.csv")
        if not path.is_file():
            raise UsageError(f"{path}: no such file" if not path.exists() else f"{path} is not a regular file")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            magic = file.read(2)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); look at its permissions") from error
    if status.st_size == 0:
        raise UsageError(f"{path} is empty (0 bytes); was its export cut short?")
    return InputPath(path, status.st_size, status.st_mtime_ns, magic == GZIP_MAGIC)


def fingerprint(file: InputPath) -> str:
    """The sha256 of the file's bytes as they lie on disk."""
    try:
        with file.path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise _cannot_read(file.path, error) from error


def check_unchanged(file: InputPath) -> None:
    """Refuse a file that was still being written while it was read: its fingerprint tells of other bytes."""
    status = file.path.stat()
    if (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.modified_ns):
        raise UsageError(f"{file.path} changed while it was read; import it again when it is complete")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into one line."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path} is a broken or truncated gzip file; fetch it again") from error
    except OSError as error:
        raise _cannot_read(path, error) from error


class UnpackedFile:
    """The bytes of a file, block by block, out of gzip when it is one. `position` is the place in the file on disk."""

    def __init__(self, file: InputPath) -> None:
        """Nothing is opened before `blocks`; `close` when done, also where that was left in the middle."""
        self.file = file
        self._raw: BinaryIO | None = None

    @property
    def position(self) -> int:
        """Bytes of the file on disk that were read so far."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed else 0

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Every byte once, in blocks of at most `size`. What was appended since `find_input` is not read."""
        with reading(self.file.path), self.file.path.open("rb") as self._raw:
            if self.file.is_gzip:
                opened = gzip.GzipFile(fileobj=self._raw, mode="rb")
                while block := opened.read(size):
                    yield block
            else:
                left = self.file.size_bytes
                while block := self._raw.read(min(size, left)):
                    left -= len(block)
                    yield block

    def close(self) -> None:
        """Close the file."""
        if self._raw is not None:
            self._raw.close()


def _cannot_read(path: Path, error: OSError) -> MaidianError:
    return MaidianError(f"{path}: reading failed ({error.strerror or error})")
