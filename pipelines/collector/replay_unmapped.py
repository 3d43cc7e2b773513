"""Events whose names mapped to nothing, put through the mapping again once it knows them.

Nothing is added twice: a segment's name is a function of the file it came from and of its lines, and an event has the
same id however often it is translated, so that ingest drops what the lake has already.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pipelines.collector.landing import UNMAPPED_FOLDER
from pipelines.collector.protocols import segment, sensors
from pipelines.collector.protocols.field_ways import read_node
from pipelines.collector.protocols.load_mapping import Mappings
from pipelines.collector.protocols.rulebook import Rulebooks
from pipelines.collector.protocols.translation import Unmapped
from pipelines.landing import SegmentExistsError, open_segment
from schemas.errors import MaidianError

_read = msgspec.json.Decoder(Unmapped).decode
_encode = msgspec.json.Encoder().encode


@dataclass
class UnmappedCounts:
    """What came of the events kept: event_count = sent + already sent + ignored + still unmapped."""

    event_count: int = 0
    sent_count: int = 0
    already_sent_count: int = 0
    ignored_count: int = 0
    unmapped_count: int = 0
    unmapped_names: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each name of each source is still unknown."""
    segments: list[str] = field(default_factory=list)


def replay_unmapped(landing: Path, mappings: Mappings, *, is_dry_run: bool = False) -> UnmappedCounts:
    """Send what the mappings know by now to landing, a segment for each name of a file. The files stay as they are.

    A dry run only counts. Raises `MaidianError` for a file that the collector did not write.
    """
    counts = UnmappedCounts()
    for path in sorted((landing / UNMAPPED_FOLDER).glob("*/*.ndjson")):
        by_name: dict[tuple[str, str], list[list[bytes]]] = {}
        for event in _read_file(path):
            counts.event_count += 1
            books = mappings.of(event.source)
            try:
                lines, is_ignored = _translate(event, books)
            except (msgspec.MsgspecError, ValueError, RecursionError):  # something in it is no text: it stays
                lines, is_ignored = [], False
            if lines:
                by_name.setdefault((event.source, event.name), []).append(lines)
            elif is_ignored:
                counts.ignored_count += 1
            else:
                counts.unmapped_count += 1
                counts.unmapped_names[event.source, event.name] += 1
        for (source, _name), events in by_name.items():
            if is_dry_run:
                counts.sent_count += len(events)
            else:
                _send(landing, source, path.stem, events, counts)
    return counts


def _send(landing: Path, source: str, stem: str, events: list[list[bytes]], counts: UnmappedCounts) -> None:
    content = b"".join(line + b"\n" for lines in events for line in lines)
    name = f"unmapped-{stem}-{hashlib.blake2b(content, digest_size=8).hexdigest()}"
    try:
        with open_segment(landing, source, name) as written:
            written.write(content)
    except SegmentExistsError:
        counts.already_sent_count += len(events)
    else:
        counts.sent_count += len(events)
        counts.segments.append(f"{source}/{name}.ndjson")


def _read_file(path: Path) -> Iterator[Unmapped]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield _read(line)
            except msgspec.MsgspecError as error:
                raise MaidianError(
                    f"{path} line {number}: {error}; move the file away, the collector did not write it"
                ) from None


def _translate(event: Unmapped, books: Rulebooks) -> tuple[list[bytes], bool]:
    """The lines of an event, and whether the mapping leaves it out by now."""
    dialect, book = segment.DIALECT, books.segment
    if event.protocol == sensors.PROTOCOL:
        dialect, book = sensors.DIALECT, books.sensors
    sent_at = None if event.sent_at is None else _encode(event.sent_at)
    node = read_node(bytes(event.original))
    name, lines = dialect.translate_one(node, bytes(event.event_id), sent_at, _encode(event.received_at), book)
    return lines, name in book.ignored
