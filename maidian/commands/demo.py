"""`maidian demo`: a made-up wholesaler, from raw events to every table, in one command."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maidian.options import Preferences, pass_preferences, settings_option
from schemas.errors import MaidianError, UsageError
from schemas.lake.durable import write_durably
from schemas.lake.lake import create_lake
from schemas.lake.locks import hold_lock
from schemas.lake.storage.environment import SCHEME
from schemas.settings_file import SETTINGS_NAME, lake_settings

if TYPE_CHECKING:
    from pipelines.generator.options import GeneratorOptions

MARKER = "demo.json"  # says that the folder is the demo's, and of which size


@click.command(name="demo")
@click.option("--events", type=click.IntRange(min=1), default=200_000, show_default=True, help="How many events.")
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="Over how many days.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same shop.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo",
    show_default=True,
    help="Where the lake, the planted truth and the masters go.",
)
@settings_option
@pass_preferences
def command(preferences: Preferences, events: int, days: int, seed: int, out: Path, settings_file: Path | None) -> None:
    """Make up a pharmaceutical wholesaler, take its events in, build every table, and say what to look at.

    What was planted is written beside the lake, and the tables must agree with it. Running
    it again takes up where it stopped. Settings given with --settings are kept in the lake.
    """
    from pipelines.generator.generate import generate
    from pipelines.generator.options import GeneratorOptions

    if out.parts[:1] == (SCHEME.rstrip("/"),):  # a path has made one slash of the two
        raise UsageError(f"--out {out}: the demo is made in a directory; name one")
    options = GeneratorOptions(events=events, days=days, seed=seed)
    lake = out / "lake"
    lake_settings(lake, settings_file)  # what is wrong with them is said before minutes of work
    if not _is_generated(out, options):
        click.echo(f"1. generate: {events:,} events of {days} days, seed {seed}")
        generate(options, out, landing=lake / "landing")
        _mark(out, options, is_generated=True)
    click.echo("2. ingest: landing to events and rejects")
    _ingest(lake)
    click.echo("3. import: the products and the customers, so that tables have names")
    for master in ("skus", "customers"):
        _import_master(preferences, out, master)
    click.echo("4. run: events to every table")
    if settings_file:
        write_durably(lake / SETTINGS_NAME, settings_file.read_bytes())
    _run(preferences, lake)
    _compare_with_truth(out)
    _say_what_is_next(out)


def _is_generated(out: Path, options: GeneratorOptions) -> bool:
    """Whether this very shop was written before; what a generation that died left of it is removed.

    Raises `UsageError` for a folder that is not the demo's, or holds another shop.
    """
    if not out.exists() or not any(out.iterdir()):
        out.mkdir(parents=True, exist_ok=True)
        _mark(out, options, is_generated=False)
        return False
    try:
        mark = json.loads((out / MARKER).read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{out} is not empty and not a demo; name another folder with --out") from None
    if mark["options"] != _as_text(options):
        raise UsageError(f"{out} holds a demo of another size or seed; remove it, or name another folder with --out")
    if not mark["is_generated"]:
        for name in ("lake", "truth", "masters"):
            shutil.rmtree(out / name, ignore_errors=True)
    return bool(mark["is_generated"])


def _mark(out: Path, options: GeneratorOptions, *, is_generated: bool) -> None:
    content = {"options": _as_text(options), "is_generated": is_generated}
    write_durably(out / MARKER, json.dumps(content, indent=2).encode())


def _as_text(options: GeneratorOptions) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(options).items()}


def _ingest(path: Path) -> None:
    from jobs.engine.audit import audit_partitions
    from maidian.ingest_display import print_result
    from pipelines.ingest.ingest import IngestJob, ingest

    lake = create_lake(path)
    with hold_lock(lake.lock_path("ingest"), "an ingest"):
        print_result(ingest(IngestJob(lake, lake.landing, audit_partitions)))


def _import_master(preferences: Preferences, out: Path, master: str) -> None:
    from jobs.engine.audit import audit_partitions
    from maidian.import_display import print_master
    from pipelines.imports.masters.import_master import import_master
    from pipelines.imports.masters.master_mapping import prepare_master

    file, mapping = out / "masters" / f"{master}.csv", prepare_master(master, f"demo_{master}")
    print_master(import_master(file, mapping, create_lake(out / "lake"), audit_partitions), preferences.language)


def _run(preferences: Preferences, path: Path) -> None:
    from jobs.engine.discovery import find_jobs
    from jobs.engine.run import raise_if_refused, run
    from maidian.run_display import RunDisplay, print_record

    with RunDisplay(is_json=False) as display:
        record = run(create_lake(path), find_jobs(lake_settings(path)), None, display.report)
    print_record(record, False, preferences.language)
    raise_if_refused(record)


def _compare_with_truth(out: Path) -> None:
    """Hold the tables against what was planted; MaidianError when they differ, which would be our fault."""
    import polars as pl

    planted = json.loads((out / "truth" / "summary.json").read_bytes())
    events = pl.scan_parquet(_glob(out, "events")).select(pl.len()).collect().item()
    kinds = pl.read_parquet(_glob(out, "rejects"), columns=["kind"]).group_by("kind").len()
    rejects = dict(sorted(kinds.iter_rows()))
    if events != planted["accepted_count"] or rejects != planted["rejected_by_kind"]:
        raise MaidianError(
            f"the tables hold {events} events and refused {rejects}, but {planted['accepted_count']} and "
            f"{planted['rejected_by_kind']} were planted; please report this"
        )
    click.echo(
        f"as planted: {events:,} events, {sum(rejects.values()):,} lines refused for {len(rejects)} reasons, "
        f"{planted['repeated_count']:,} repeats dropped"
    )


def _say_what_is_next(out: Path) -> None:
    import polars as pl

    viewers = pl.scan_parquet(_glob(out, "sku_viewers"), hive_partitioning=True)
    most = (
        viewers.filter(pl.col("as_of") == pl.col("as_of").max())
        .group_by("sku_id")
        .agg(viewers=pl.len(), not_bought=(~pl.col("has_ordered")).sum())
        .sort("not_bought", "sku_id", descending=[True, False])
        .head(5)
    )
    click.echo("\nlooked at most and not bought (sku_viewers, newest day):")
    with pl.Config(tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_formatting="NOTHING"):
        click.echo(str(most.collect()))
    lake = out / "lake"
    maidian = _beside("maidian")
    click.echo(
        f"""
look further:
  {maidian} status --lake {lake}
  {maidian} replay export --lake {lake} --out rejects.ndjson      what was refused, and why
  {maidian} --lang zh lookup --lake {lake} query 阿莫西林              what became of a search term
  {maidian} --lang zh report --lake {lake} --out report.html        one page with charts
  {maidian} export --lake {lake} near_threshold                     a list for marketing
  {maidian} sql --lake {lake} -c "SHOW TABLES"                      every table in SQL
  {out}/truth/ holds what was planted, {out}/masters/ the products and customers, docs/tables.md every column"""
    )


def _beside(program: str) -> str:
    """How to start a program of this environment from here: `.venv/bin/maidian` as a rule."""
    path = Path(sys.executable).with_name(program)
    if not path.exists():
        return program
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _glob(out: Path, table: str) -> str:
    return str((out / "lake" / table / "current").resolve() / "**" / "*.parquet")
