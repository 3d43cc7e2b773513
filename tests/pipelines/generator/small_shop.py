"""A small generation, and its lines as the reference decoder reads them: slow, obvious, sharing no code with ours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.generator.options import GeneratorOptions
from pipelines.generator.truth import Summary
from tests.oracles.reference_decoder import RefusedError, Settings, read_line

OPTIONS = GeneratorOptions(events=15_000, days=8, seed=3, garbage_ratio=0.02)

Place = tuple[str, int]
"""Segment below the landing, and line from 1."""


@dataclass(frozen=True)
class Shop:
    out: Path
    summary: Summary
    lines: dict[Place, bytes]
    """Without the line feed."""
    offsets: dict[Place, int]
    rows: dict[Place, dict[str, Any]]
    """What the reference decoder accepts."""
    refused: dict[Place, tuple[str, str | None]]
    """Kind and field of what it does not."""

    def truth(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.out / "truth" / f"{name}.parquet").to_pylist()
        return rows

    def first_rows(self) -> list[dict[str, Any]]:
        """Every good event once, in no order that matters."""
        return list({row["event_id"]: row for row in self.rows.values()}.values())


def read_shop(out: Path, summary: Summary) -> Shop:
    lines: dict[Place, bytes] = {}
    offsets: dict[Place, int] = {}
    rows: dict[Place, dict[str, Any]] = {}
    refused: dict[Place, tuple[str, str | None]] = {}
    for path in sorted((out / "landing").rglob("*.ndjson")):
        segment = path.relative_to(out / "landing").as_posix()
        settings = Settings(0, path.parent.name, "Asia/Shanghai", datetime(2026, 12, 1, tzinfo=UTC))
        *found, rest = path.read_bytes().split(b"\n")
        assert rest == b"", "a segment ends with a line feed"
        offset = 0
        for number, line in enumerate(found, 1):
            place = (segment, number)
            lines[place], offsets[place] = line, offset
            offset += len(line) + 1
            try:
                rows[place] = read_line(line, settings)
            except RefusedError as error:
                refused[place] = (error.kind, error.field)
    return Shop(out, summary, lines, offsets, rows, refused)


def place_of(row: dict[str, Any]) -> Place:
    return row["segment"], row["line_number"]
