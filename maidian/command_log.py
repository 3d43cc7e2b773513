"""The log of commands, `<lake>/runs/commands.ndjson`: one line for each command that wrote to the lake, however it ended.

Runs say more of themselves in `runs.ndjson` beside it. A command killed outright (kill -9, a power cut) leaves no line.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from maidian.options import PLACE
from schemas.errors import MaidianError
from schemas.lake.lake import Lake, open_lake
from schemas.lake.line_log import read_lines
from schemas.lake.locks import hold_lock
from schemas.lake.place import LakePlace, StorePlace

LOGGED = frozenset(
    {"import", "ingest", "replay", "run", "backfill", "export", "effect", "report", "rollback", "gc"}
)  # fmt: skip
"""What a scheduler calls, and what else changes a lake; questions and the collector's life are no steps of it."""

ROWS = "maidian.rows"
"""Key of `ctx.meta`: the rows that a command wrote, where it says."""

WAIT_SECONDS = 5.0
OUTCOMES = {0: "done", 3: "refused"}

log = logging.getLogger(__name__)


class CommandRecord(msgspec.Struct, kw_only=True):
    """One command."""

    command: str
    started_at: datetime
    ended_at: datetime
    exit_code: int
    row_count: int | None = None
    message: str = ""

    @property
    def outcome(self) -> str:
        """In a word."""
        return OUTCOMES.get(self.exit_code, "failed")


LOG = "runs/commands.ndjson"


def log_path(lake: Path) -> Path:
    """Where the log lies in a lake that is a folder."""
    return lake / LOG


def note_rows(count: int) -> None:
    """Say how many rows the command under way has written."""
    click.get_current_context().meta[ROWS] = count


def log_command(ctx: click.Context, command: str | None, started_at: datetime, exit_code: int, message: str) -> None:
    """Add the command to the log of its lake. A lake that cannot be written to (full, read-only) goes without."""
    place = ctx.meta.get(PLACE)
    if command not in LOGGED or place is None:
        return
    record = CommandRecord(
        command=command,
        started_at=started_at,
        ended_at=datetime.now(UTC),
        exit_code=exit_code,
        row_count=ctx.meta.get(ROWS),
        message=message,
    )
    try:
        lake = _noted_lake(place)
        if lake is None:
            return
        with hold_lock(lake.lock_path("command-log"), "a note in the log", WAIT_SECONDS):
            lake.kept.append_line(LOG, msgspec.json.encode(record))
    except (OSError, MaidianError) as error:
        log.info("the command is not in the log of runs: %s", error)


def read_commands(lake: Lake) -> list[CommandRecord]:
    """All commands of the log, oldest first; a line that a crash cut is left out."""
    return read_lines(lake.kept.read(LOG), CommandRecord)


def _noted_lake(place: LakePlace) -> Lake | None:
    """The lake to note it in; None where there is none, or its store is known not to answer."""
    if isinstance(place, StorePlace):
        return open_lake(place)
    return Lake(place, "") if (place / "lake.json").exists() else None
