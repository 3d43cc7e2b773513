"""The log of runs, `lake/runs/runs.ndjson`: one line a run, what it did to each table and how it ended."""

import os
from pathlib import Path

import msgspec

from jobs.engine.rebuild import TableResult
from schemas.lake.durable import sync_folder, write_durably
from schemas.lake.lake import Lake

# Some thousand runs: months of nightly ones. `maidian status` reads it whole, and nobody needs to look after it.
MAX_BYTES = 4_000_000


class RunRecord(msgspec.Struct, kw_only=True):
    """One run. `outcome` is done, refused (by the audit) or failed; `message` says why it was not done."""

    command: str
    started_at: str
    ended_at: str = ""
    outcome: str = "done"
    message: str = ""
    tables: list[TableResult] = []


def log_path(lake: Lake) -> Path:
    """Where the log lies."""
    return lake.path / "runs" / "runs.ndjson"


def append_record(lake: Lake, record: RunRecord) -> None:
    """Add a run to the log. Call it with the `run` lock held: one writer at a time."""
    path = log_path(lake)
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > MAX_BYTES:
        lines = path.read_bytes().splitlines(keepends=True)
        write_durably(path, b"".join(lines[len(lines) // 2 :]))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        start = b"" if _ends_with_newline(path) else b"\n"  # a crash cut the last line: leave it, start a new one
        os.write(descriptor, start + msgspec.json.encode(record) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def read_records(lake: Lake) -> list[RunRecord]:
    """All runs of the log, oldest first; a line that a crash cut is left out."""
    try:
        lines = log_path(lake).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    records = []
    for line in lines:
        try:
            records.append(msgspec.json.decode(line, type=RunRecord))
        except msgspec.MsgspecError:
            continue
    return records


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
