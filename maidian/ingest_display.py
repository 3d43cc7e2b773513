"""How an ingest looks: one table of sources whose numbers add up, or the same as JSON."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from pipelines.ingest.ingest import IngestResult

COUNTS = ("line_count", "accepted_count", "rejected_count", "repeated_count")
TITLES = ("lines", "accepted", "rejected", "repeated")


def as_json(result: IngestResult) -> dict[str, Any]:
    """What a scheduler reads; line_count = accepted_count + rejected_count + repeated_count in every row."""
    return {
        "sources": _rows(result),
        "total": total_of(result),
        "refused_segments": result.refused_segments,
        "missing_count": result.missing_count,
        "gaps": result.gaps,
        "snapshot_id": result.snapshot_id,
    }


def total_of(result: IngestResult) -> dict[str, int]:
    """The four counts over all sources."""
    rows = _rows(result)
    return {name: sum(row[name] for row in rows) for name in COUNTS}


def total_line(result: IngestResult) -> str:
    """The four counts as a sum in words, for a log."""
    counts = total_of(result).values()
    lines, accepted, rejected, repeated = (f"{count:,}" for count in counts)
    return f"{lines} lines = {accepted} accepted + {rejected} rejected + {repeated} repeated"


def print_result(result: IngestResult) -> None:
    """Print the table of sources and, where lines were refused, how many of what kind."""
    rows = _rows(result)
    if not rows:
        click.echo("nothing new in landing")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("source")
    for title in TITLES:
        table.add_column(title, justify="right")
    for row in [*rows, {"source": "total", **total_of(result)}]:
        table.add_row(row["source"], *(f"{row[name]:,}" for name in COUNTS))
    Console(highlight=False).print(table)
    kinds: dict[str, int] = {}
    for row in rows:
        for kind, count in row["rejected_by_kind"].items():
            kinds[kind] = kinds.get(kind, 0) + count
    if kinds:
        click.echo("rejected: " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items())))


def _rows(result: IngestResult) -> list[dict[str, Any]]:
    return [
        {
            "source": source,
            "line_count": outcome.line_count,
            "accepted_count": outcome.accepted_count,
            "rejected_count": sum(outcome.rejected.values()),
            "repeated_count": outcome.repeated_count,
            "rejected_by_kind": dict(sorted(outcome.rejected.items())),
        }
        for source, outcome in sorted(result.sources.items())
    ]
