"""A log of lines: appended whole, on stable storage at return, and halved when it grows too long."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from schemas.lake.durable import sync_folder, write_durably

# Some thousand runs: months of nightly ones. It is read whole, and nobody needs to look after it.
MAX_BYTES = 4_000_000

Kind = TypeVar("Kind")


def append_to_file(path: Path, line: bytes) -> None:
    """Add a line, given without its line feed. Call it with a lock held: one writer at a time."""
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > MAX_BYTES:
        write_durably(path, shortened(path.read_bytes()))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        start = b"" if _ends_with_newline(path) else b"\n"  # a crash cut the last line: leave it, start a new one
        os.write(descriptor, start + line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def appended(log: bytes, line: bytes) -> bytes:
    """The log with one line more."""
    return log + line + b"\n"


def shortened(log: bytes) -> bytes:
    """A log that has grown too long without its older half."""
    lines = log.splitlines(keepends=True) if len(log) > MAX_BYTES else []
    return b"".join(lines[len(lines) // 2 :]) if lines else log


def read_lines(log: bytes, kind: type[Kind]) -> list[Kind]:
    """All lines as what they are, oldest first; one that a crash cut is left out."""
    read = []
    for line in log.splitlines():
        with suppress(msgspec.MsgspecError):
            read.append(msgspec.json.decode(line, type=kind))
    return read


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
