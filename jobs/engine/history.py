"""The log of runs, `lake/runs/runs.ndjson`: one line a run, what it did to each table and how it ended."""

from pathlib import Path

import msgspec

from jobs.engine.rebuild import TableResult
from schemas.lake.lake import Lake
from schemas.lake.line_log import read_lines


class RunRecord(msgspec.Struct, kw_only=True):
    """One run. `outcome` is done, refused (by the audit) or failed; `message` says why it was not done."""

    command: str
    started_at: str
    ended_at: str = ""
    outcome: str = "done"
    message: str = ""
    tables: list[TableResult] = []


LOG = "runs/runs.ndjson"


def log_path(lake: Lake) -> Path:
    """Where the log lies in a lake that is a folder."""
    return lake.path / LOG


def append_record(lake: Lake, record: RunRecord) -> None:
    """Add a run to the log. Call it with the `run` lock held: one writer at a time."""
    lake.kept.append_line(LOG, msgspec.json.encode(record))


def read_records(lake: Lake) -> list[RunRecord]:
    """All runs of the log, oldest first; a line that a crash cut is left out."""
    return read_lines(lake.kept.read(LOG), RunRecord)
