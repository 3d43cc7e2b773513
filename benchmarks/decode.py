"""Decoding to Parquet on one core, against a parser that checks nothing and against Beam as one would first write it.

    python -m benchmarks.decode [--events 300000] [--rounds 5]

All contenders read the same made-up lines (the demo's generator: six types, 0.5 % garbage) and write zstd Parquet of
level 1. CPU seconds are the process's own, one thread each; rounds are interleaved and the best of each counts, so
that a busy machine troubles all alike. DuckDB and Beam get the good lines only: they stop at some of the bad ones.
"""

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from pipelines.generator.generate import generate
from pipelines.generator.options import GeneratorOptions
from pipelines.ingest.decoding.decode import Decoded, decode
from pipelines.ingest.parquet import write_rows
from pipelines.ingest.read_range import read_lines
from schemas.events.columns import INSTANT, MONEY, contract_fields
from schemas.events.contract import AnyEvent
from schemas.tables.events import TABLE

BLOCK_BYTES = 16 * 1024 * 1024
INGESTED_AT = datetime.fromisoformat("2026-11-21T00:00:00+08:00")


def ours(lines: Path, out: Path) -> None:
    """Decode and write, a file a block. Neither this nor the peers put days apart, as ingest does afterwards."""
    for index, block in enumerate(blocks(lines)):
        accepted = decode_block(block).accepted.drop_columns(["event_date"])
        write_rows([accepted], out / f"ours-{index}.parquet", TABLE.file_schema)


def decode_only(lines: Path, _out: Path) -> None:
    """The part of `ours` that is decoding."""
    for block in blocks(lines):
        decode_block(block)


def decode_block(block: bytes) -> Decoded:
    """A block with the defaults of a lake."""
    return decode(block, first_byte=0, landing_source="web", time_zone="Asia/Shanghai", ingested_at=INGESTED_AT)


def blocks(lines: Path) -> Iterator[bytes]:
    """Whole lines, 16 MiB at a time, as ingest reads its ranges."""
    size = lines.stat().st_size
    for start in range(0, size, BLOCK_BYTES):
        yield read_lines(lines, start, min(start + BLOCK_BYTES, size))[0]


def duckdb_to_polars(lines: Path, out: Path) -> None:
    """Parse with the types given and write: nothing is checked, and much is silently changed."""
    names = {INSTANT: "TIMESTAMPTZ", MONEY: "DECIMAL(18, 4)", pa.string(): "VARCHAR", pa.int64(): "BIGINT"}
    names |= {pa.float64(): "DOUBLE", pa.list_(pa.string()): "VARCHAR[]"}
    line = "STRUCT(sku_id VARCHAR, quantity BIGINT, unit_price DECIMAL(18, 4), discount DECIMAL(18, 4), search_id VARCHAR)[]"
    types = {
        field.name: "JSON" if field.column == "json" else names.get(field.type, line) for field in contract_fields()
    }
    columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in {"event_type": "VARCHAR", **types}.items())
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.sql("SET TimeZone = 'UTC'")
        frame = connection.sql(
            f"SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})"
        ).pl()
    frame.write_parquet(out / "duckdb.parquet", compression="zstd", compression_level=1)


def beam_by_element(lines: Path, out: Path) -> None:
    """ReadFromText, json.loads, validate against the contract with msgspec, WriteToParquet: an element a line."""
    logging.disable()
    import apache_beam as beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    types = {pa.decimal128(18, 4): pa.float64(), INSTANT: pa.string()}
    schema = pa.schema([(f.name, types.get(f.type, f.type)) for f in TABLE.schema if f.name in BEAM_COLUMNS])
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromText(str(lines))
            | beam.FlatMap(parse, [])
            | beam.io.WriteToParquet(str(out / "beam"), schema, codec="zstd")
        )


BEAM_COLUMNS = [field.name for field in contract_fields() if field.name != "lines"]


def parse(line: str, decoders: list[Any]) -> Iterator[dict[str, Any]]:
    """The row of a line that the contract allows; `decoders` keeps one decoder for a bundle's worker."""
    if not decoders:
        decoders.append(msgspec.json.Decoder(AnyEvent))
    try:
        event = json.loads(line)
        decoders[0].decode(line)
    except (ValueError, msgspec.MsgspecError):
        return
    event["properties"] = json.dumps(event.get("properties"))
    for money in ("price", "amount"):
        event[money] = float(event[money]) if event.get(money) else None
    yield {name: event.get(name) for name in BEAM_COLUMNS}


def cpu_seconds(contender: Callable[[Path, Path], None], lines: Path, out: Path) -> float:
    """Of one run."""
    start = time.process_time()
    contender(lines, out)
    return time.process_time() - start


def main() -> None:
    """Generate, run, print one table."""
    parser = argparse.ArgumentParser(description="Decoding to Parquet on one core: events/s, and ratios to peers.")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        generate(GeneratorOptions(events=options.events, days=5, has_truth=False), out / "demo")
        everything = b"".join(path.read_bytes() for path in sorted((out / "demo/landing").rglob("*.ndjson")))
        lines = everything.split(b"\n")
        (out / "all.ndjson").write_bytes(everything)
        refused = set(pa.concat_arrays(decode_block(everything).rejects["raw"].chunks).to_pylist())
        good = [line for line in lines if line not in refused]
        (out / "good.ndjson").write_bytes(b"\n".join(good) + b"\n")
        sample = good[: len(good) // 20]
        (out / "some.ndjson").write_bytes(b"\n".join(sample) + b"\n")
        (out / "one.ndjson").write_bytes(good[0] + b"\n")
        runs = {
            "decode": (decode_only, "all", len(lines)),
            "decode -> Parquet": (ours, "all", len(lines)),
            "DuckDB, unvalidated -> Polars Parquet": (duckdb_to_polars, "good", len(good)),
            "Beam by element -> Parquet": (beam_by_element, "some", len(sample)),
            "Beam's start": (beam_by_element, "one", 1),
        }
        best = dict.fromkeys(runs, float("inf"))
        for _ in range(options.rounds):
            for name, (contender, file, _count) in runs.items():
                best[name] = min(best[name], cpu_seconds(contender, out / f"{file}.ndjson", out))
    best["Beam by element -> Parquet"] -= best.pop("Beam's start")
    per_event = {name: seconds / runs[name][2] for name, seconds in best.items()}
    own = per_event["decode -> Parquet"]
    print(
        f"{len(lines):,} lines of {len(everything) / len(lines):.0f} bytes; CPU of one core, best of {options.rounds}"
    )
    print(f"{'':40}{'us an event':>12}{'events/s':>12}{'ours / it':>12}")
    for name, seconds in per_event.items():
        print(f"{name:40}{seconds * 1e6:12.2f}{1 / seconds:12,.0f}{own / seconds:12.2f}")
    print(f"aims: at most 3x of DuckDB ({own / per_event['DuckDB, unvalidated -> Polars Parquet']:.2f}x); ", end="")
    print(f"at least 5x faster than Beam by element ({per_event['Beam by element -> Parquet'] / own:.1f}x)")


if __name__ == "__main__":
    main()
