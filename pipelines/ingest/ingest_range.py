"""One range, from bytes to files: read, decode, write. Everything but the manifest, which makes it count."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.decoding.decode import Decoded, DecodeLimits, decode
from pipelines.ingest.event_ids import digest_ids, save_array
from pipelines.ingest.parquet import write_rows
from pipelines.ingest.ranges import (
    DaySlice,
    LandingRange,
    RangeManifest,
    events_file,
    ids_file,
    ranges_folder,
    rejects_file,
)
from pipelines.ingest.read_range import read_lines
from schemas.tables.events import TABLE as EVENTS
from schemas.tables.rejects import TABLE as REJECTS


@dataclass(frozen=True)
class IngestOptions:
    """What every worker needs to know; plain values, so that they travel."""

    lake_path: str
    landing: str
    time_zone: str
    limits: DecodeLimits = field(default_factory=DecodeLimits)


def ingest_range(wanted: LandingRange, options: IngestOptions) -> RangeManifest:
    """Decode one range and write its files under the names that the range gives them."""
    lake_path = Path(options.lake_path)
    ranges_folder(lake_path).mkdir(parents=True, exist_ok=True)
    block, first_byte = read_lines(Path(options.landing, wanted.segment), wanted.start, wanted.end)
    decoded = decode(
        block,
        first_byte=first_byte,
        landing_source=wanted.source,
        time_zone=options.time_zone,
        ingested_at=wanted.ingested_at,
        limits=options.limits,
    )
    return RangeManifest(
        range=wanted,
        read_until=max(wanted.end, first_byte + len(block)),
        line_count=decoded.line_count,
        days=_write_events(decoded.accepted, lake_path, wanted.name),
        rejected=_write_rejects(decoded, lake_path, wanted),
        received_date=wanted.landed_at.astimezone(ZoneInfo(options.time_zone)).date(),
    )


def _write_events(accepted: pa.Table, lake_path: Path, name: str) -> list[DaySlice]:
    """Write the rows by business day, one row group a day, so that a day can be read without the others."""
    if not accepted.num_rows:
        return []
    digests = digest_ids(accepted["event_id"])  # in the order of the lines: of repeats the first line stays
    days = accepted["event_date"].to_numpy()
    order = np.argsort(days, kind="stable")
    if (days[1:] < days[:-1]).any():
        accepted = accepted.take(pa.array(order))
        days = days[order]
    starts = np.flatnonzero(np.concatenate(([True], days[1:] != days[:-1])))
    counts = np.diff(np.append(starts, len(days)))
    rows = accepted.drop_columns(["event_date"])
    write_rows(
        [rows.slice(start, count) for start, count in zip(starts, counts, strict=True)],
        events_file(lake_path, name),
        EVENTS.file_schema,
    )
    save_array(ids_file(lake_path, name), np.column_stack([digests, np.argsort(order).astype(np.uint64)]))
    return [
        DaySlice(day=days[start].item(), index=index, row_count=int(count))
        for index, (start, count) in enumerate(zip(starts, counts, strict=True))
    ]


def _write_rejects(decoded: Decoded, lake_path: Path, wanted: LandingRange) -> dict[str, int]:
    rejects = decoded.rejects
    if not rejects.num_rows:
        return {}
    rows = pa.table(
        {
            "source": pa.repeat(wanted.source, rejects.num_rows),
            "segment": pa.repeat(wanted.segment, rejects.num_rows),
            **{name: rejects[name] for name in ("byte_offset", "kind", "field", "reason", "raw")},
        }
    ).cast(REJECTS.file_schema)
    write_rows([rows], rejects_file(lake_path, wanted.name), REJECTS.file_schema)
    counted = pc.value_counts(rejects["kind"])
    return dict(sorted(Counter({c["values"].as_py(): c["counts"].as_py() for c in counted}).items()))
