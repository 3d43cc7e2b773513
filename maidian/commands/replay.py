"""`maidian replay`: refused lines out to be repaired, and back."""

import json
import os
import sys
from datetime import date, datetime
from pathlib import Path

import click

from maidian.options import DAY, json_option, lake_folder_option, lake_option, landing_option
from schemas.errors import UsageError
from schemas.events.rejects import RejectKind
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace


@click.group(name="replay")
def command() -> None:
    """Send refused lines through again, once they are repaired.

    `export` writes them out with their reasons, one JSON object a line; mend `raw` in each; `import` takes the file
    back into landing, and the next `maidian ingest` takes them in. Doing it twice adds nothing. `unmapped` is for
    events whose names no mapping knew.
    """


@command.command(name="export")
@lake_option
@click.option("--out", type=click.Path(dir_okay=False, allow_dash=True), required=True, help="File, or - for stdout.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in RejectKind]), help="Only these kinds."
)
@click.option("--source", "sources", multiple=True, help="Only these sources.")
@click.option("--from", "first", type=DAY, help="First received day.")
@click.option("--to", "last", type=DAY, help="Last received day.")
def export(
    lake: LakePlace,
    out: str,
    kinds: tuple[str, ...],
    sources: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Write refused lines as NDJSON: source, segment, byte_offset, kind, field, reason, raw, digest."""
    import msgspec

    from pipelines.replay import refused_lines

    lines = refused_lines(open_lake(lake), kinds, sources, _day(first), _day(last))
    encoded = (msgspec.json.encode(line) + b"\n" for line in lines)
    if out == "-":
        sys.stdout.buffer.writelines(encoded)
        return
    target = Path(out)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is not a folder; make it, or give another --out")
    if target.exists():
        raise UsageError(f"{target} exists, and may be half mended; remove it, or give another --out")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with temporary.open("wb") as file:
            for line in encoded:
                file.write(line)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    click.echo(f"{count:,} refused lines in {target}; mend `raw`, then: maidian replay import {target}")


@command.command(name="import")
@lake_option  # says where the landing is, where --landing does not
@landing_option
@json_option
@click.argument("file", type=click.Path(path_type=Path))
def take(lake: LakePlace, landing: Path, is_json: bool, file: Path) -> None:
    """Take a repaired file back into landing. Lines that nobody changed are left out."""
    from pipelines.replay import take_back

    open_lake(lake)
    counts = take_back(landing, file)
    if is_json:
        click.echo(json.dumps(counts.__dict__))
        return
    click.echo(
        f"{counts.line_count:,} lines = {counts.sent_count:,} sent + {counts.unchanged_count:,} unchanged "
        f"+ {counts.already_sent_count:,} already sent"
    )
    for segment in counts.segments:
        click.echo(f"  landing/{segment}")
    if counts.sent_count:
        click.echo("next: maidian ingest")


@command.command(name="unmapped")
@lake_folder_option
@landing_option
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only count, and name what is still unknown.")
@json_option
def unmapped(lake: Path, landing: Path, is_dry_run: bool, is_json: bool) -> None:
    """Send events of tracking clients through again whose names the mapping did not know, and knows now.

    The collector keeps them beside landing. Extend <lake>/mappings/<source>.toml, run this, and the next
    `maidian ingest` takes them in.
    """
    from pipelines.collector.protocols.load_mapping import FOLDER_IN_LAKE, load_mappings
    from pipelines.collector.replay_unmapped import replay_unmapped

    open_lake(lake)
    counts = replay_unmapped(landing, load_mappings(lake / FOLDER_IN_LAKE), is_dry_run=is_dry_run)
    if is_json:
        names = [
            {"source": source, "name": name, "count": n} for (source, name), n in counts.unmapped_names.most_common()
        ]
        click.echo(json.dumps({**counts.__dict__, "unmapped_names": names}, ensure_ascii=False))
        return
    click.echo(
        f"{counts.event_count:,} events = {counts.sent_count:,} {'to send' if is_dry_run else 'sent'} "
        f"+ {counts.already_sent_count:,} already sent + {counts.ignored_count:,} ignored "
        f"+ {counts.unmapped_count:,} still unmapped"
    )
    for (source, name), count in counts.unmapped_names.most_common(20):
        click.echo(f"  {source}: {name or '(no name)'}: {count:,}")
    for segment in counts.segments:
        click.echo(f"  landing/{segment}")
    if counts.segments:
        click.echo("next: maidian ingest")


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None
