"""A running `maidian collect` for clients to send to, and the lake that ingest makes of what it kept."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from schemas.events.columns import contract_fields

SIX_KINDS: dict[str, Any] = json.loads(Path(__file__).with_name("six_kinds.json").read_text(encoding="utf-8"))
SET_BY_DELIVERY = {"event_id", "occurred_at", "sent_at", "received_at", "properties"}


@dataclass
class Collector:
    """Where it listens, and its lake."""

    url: str
    lake: Path

    def ingest(self) -> None:
        """Bring what was kept into the lake."""
        maidian("ingest", "--lake", self.lake)

    def events(self, source: str) -> pl.DataFrame:
        """The events of one source, in the order they happened."""
        files = self.lake / "events" / "current" / "**" / "*.parquet"
        events = pl.read_parquet(files, hive_partitioning=True)
        return events.filter(pl.col("landing_source") == source).sort("client_at", "event_id")


def maidian(*arguments: object) -> str:
    """Run a command to its end."""
    command = [sys.executable, "-m", "maidian", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(lake: Path, sources: list[str], *options: str) -> Iterator[Collector]:
    """A collector whose sources each have the key `key-of-<source>`; ended by SIGTERM."""
    if not lake.exists():
        maidian("init", "--lake", lake)
    settings = "".join(f'[sources.{source}]\nwrite_keys = ["key-of-{source}"]\n' for source in sources)
    if settings:
        (lake / "collector.toml").write_text(settings, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "maidian", "collect", "--lake", str(lake), "--port", "0", "--workers", "1", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://\S+", line)
        assert match, f"the collector did not start: {line!r}"
        yield Collector(match[0], lake)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def assert_six_kinds(events: pl.DataFrame, **more: Any) -> None:
    """Every field of every event equals what was sent; `more` are fields that all six have."""
    assert events.height == 6
    by_type = {row["event_type"]: row for row in events.iter_rows(named=True)}
    for fields, kept in zip(SIX_KINDS["in_lake"], SIX_KINDS["in_properties"], strict=True):
        row = by_type[fields["event_type"]]
        expected = {"placed_by": "customer", "channel": "web", **more, **fields}
        for field in contract_fields():
            if field.name not in SET_BY_DELIVERY:
                assert _plain(row[field.name]) == _plain(expected.get(field.name)), (row["event_type"], field.name)
        properties = json.loads(row["properties"])
        assert {name: properties.get(name) for name in kept} == kept
        for name in ("sent_at", "received_at"):
            assert row[name] is not None or name in more.get("absent", ()), name


def _plain(value: Any) -> Any:
    """Numbers as decimals, so that 12.1 is 12.1000."""
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items() if inner is not None}
        case list():
            return [_plain(inner) for inner in value]
        case Decimal() | int() | float():
            return Decimal(str(value)).normalize()
        case str() if re.fullmatch(r"[0-9]+\.[0-9]+", value):
            return Decimal(value).normalize()
    return value
