"""One range, from bytes to files: read, decode, write. Everything but the manifest, which makes it count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.blocks import Block, RangeContent
from pipelines.ingest.decoding.decode import Decoded, DecodeLimits, decode
from pipelines.ingest.event_ids import digest_ids, save_array
from pipelines.ingest.parquet import write_rows
from pipelines.ingest.ranges import (
    DaySlice,
    LandingRange,
    RangeManifest,
    SourceLines,
    events_file,
    ids_file,
    rejects_file,
)
from pipelines.ingest.read_range import read_lines
from pipelines.ingest.read_records import read_records
from pipelines.kafka_topic import KafkaTopic
from schemas.tables.events import TABLE as EVENTS
from schemas.tables.rejects import TABLE as REJECTS


@dataclass(frozen=True)
class IngestOptions:
    """What every worker needs to know; plain values, so that they travel. `cycle` is where the files go."""

    cycle: str
    landing: str | KafkaTopic
    time_zone: str
    limits: DecodeLimits = field(default_factory=DecodeLimits)


def ingest_range(wanted: LandingRange, options: IngestOptions) -> RangeManifest:
    """Decode one range and write its files under the names that the range gives them."""
    cycle = Path(options.cycle)
    content = _read(wanted, options.landing)
    decoded = [_decode(block, wanted, options) for block in content.blocks]
    accepted = [each.accepted for each in decoded]
    rejects = [block.place_rejects(each.rejects) for block, each in zip(content.blocks, decoded, strict=True)]
    days = _write_events(accepted, cycle, wanted.name)
    _write_rejects(content.blocks, rejects, cycle, wanted)
    return RangeManifest(
        range=wanted,
        read_until=content.read_until,
        sources=[
            SourceLines(
                source=block.source,
                line_count=each.line_count,
                accepted_count=each.accepted.num_rows,
                rejected=_count_kinds(each.rejects),
            )
            for block, each in zip(content.blocks, decoded, strict=True)
        ],
        days=days,
        received_date=content.received_at.astimezone(ZoneInfo(options.time_zone)).date(),
        missing_count=content.missing_count,
    )


def _read(wanted: LandingRange, landing: str | KafkaTopic) -> RangeContent:
    if isinstance(landing, KafkaTopic):
        return read_records(wanted, landing)
    lines, first_byte = read_lines(Path(landing, wanted.segment), wanted.start, wanted.end)
    assert wanted.landed_at is not None
    return RangeContent(
        [Block(wanted.source, lines, first_byte)], max(wanted.end, first_byte + len(lines)), wanted.landed_at
    )


def _decode(block: Block, wanted: LandingRange, options: IngestOptions) -> Decoded:
    return decode(
        block.lines,
        first_byte=block.first_byte,
        landing_source=block.source,
        time_zone=options.time_zone,
        ingested_at=wanted.ingested_at,
        limits=options.limits,
    )


def _write_events(blocks: Sequence[pa.Table], cycle: Path, name: str) -> list[DaySlice]:
    """Write the rows by business day, one row group a day, so that a day can be read without the others."""
    accepted = pa.concat_tables([EVENTS.schema.empty_table(), *blocks])
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
        events_file(cycle, name),
        EVENTS.file_schema,
    )
    save_array(ids_file(cycle, name), np.column_stack([digests, np.argsort(order).astype(np.uint64)]))
    return [
        DaySlice(day=days[start].item(), index=index, row_count=int(count))
        for index, (start, count) in enumerate(zip(starts, counts, strict=True))
    ]


def _write_rejects(blocks: Sequence[Block], rejects: Sequence[pa.Table], cycle: Path, wanted: LandingRange) -> None:
    rows = [
        pa.table(
            {
                "source": pa.repeat(block.source, refused.num_rows),
                "segment": pa.repeat(wanted.segment, refused.num_rows),
                **{name: refused[name] for name in ("byte_offset", "kind", "field", "reason", "raw")},
            }
        ).cast(REJECTS.file_schema)
        for block, refused in zip(blocks, rejects, strict=True)
        if refused.num_rows
    ]
    if rows:
        write_rows(rows, rejects_file(cycle, wanted.name), REJECTS.file_schema)


def _count_kinds(rejects: pa.Table) -> dict[str, int]:
    counted = pc.value_counts(rejects["kind"])
    return dict(sorted(Counter({c["values"].as_py(): c["counts"].as_py() for c in counted}).items()))
