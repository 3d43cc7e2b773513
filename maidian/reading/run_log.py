"""The logs of commands and runs as one table, `runs`."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from jobs.engine.history import RunRecord, read_records
from maidian.command_log import CommandRecord, read_commands
from schemas.lake.lake import Lake
from schemas.tables.runs import LOG


def run_log(lake: Lake) -> pa.Table:
    """All rows, oldest first: a command, and behind it the tables of its run."""
    zone = ZoneInfo(lake.time_zone)
    rows = [_of_command(record, zone) for record in read_commands(lake)]
    rows += [row for record in read_records(lake) for row in _of_run(record, zone)]
    rows.sort(key=lambda row: (row["started_at"].replace(microsecond=0), row["step"]))  # runs know the second alone
    return pa.Table.from_pylist(rows, schema=LOG.schema)


def _of_command(record: CommandRecord, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "started_date": record.started_at.astimezone(zone).date(),
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "command": record.command,
        "step": "",
        "outcome": record.outcome,
        "exit_code": record.exit_code,
        "duration_seconds": (record.ended_at - record.started_at).total_seconds(),
        "row_count": record.row_count,
        "message": record.message,
    }


def _of_run(record: RunRecord, zone: ZoneInfo) -> list[dict[str, Any]]:
    started_at = datetime.fromisoformat(record.started_at)
    shared = {
        "started_date": started_at.astimezone(zone).date(),
        "started_at": started_at,
        "ended_at": datetime.fromisoformat(record.ended_at or record.started_at),
        "command": record.command,
    }
    return [
        {
            **shared,
            "step": each.table,
            "outcome": each.outcome,
            "duration_seconds": each.seconds,
            "day_count": each.days,
            "row_count": each.rows,
            "snapshot_id": each.snapshot_id,
            "message": each.message,
        }
        for each in record.tables
    ]
