"""What every event has, whether it is made of one row or of many: its id, its fields, its bytes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import xxhash

from pipelines.imports.compile_mapping import CompiledEvent
from pipelines.imports.field_sets import Problems, Thing
from pipelines.imports.readers.batch import Batch
from pipelines.imports.values import Column, Refusal
from schemas.events.contract import STATUS_THAT_NEEDS_LINES
from schemas.events.rejects import MAX_LINE_BYTES

OVERSIZE = f"the event is longer than {MAX_LINE_BYTES:,} bytes"

# Money is text by now; a decimal that is left is a number of the person's own properties, kept to the digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class ContentIds:
    """Event ids that are a function of what rows hold: the same rows imported again are the same event.

    128 bits, so that no two different rows of any shop meet; of a hash that is made for speed, not against an enemy.
    """

    def __init__(self, source: str, label: str) -> None:
        """Take what tells equal rows of two sources, and two events of one row, apart."""
        seed = xxhash.xxh3_64_intdigest(f"{source}\x1f{label}".encode())
        self.of_row: Callable[[bytes], str] = partial(xxhash.xxh3_128_hexdigest, seed=seed)
        """The id of the event made of one row (`identities`)."""

    def of_rows(self, rows: Sequence[bytes]) -> str:
        """The id of the event made of several rows."""
        return self.of_row(b"\x1e".join(rows))


def identities(batch: Batch) -> list[bytes]:
    """What each row is, as bytes; an item of a list is also its place, for a list may hold an item twice."""
    found = [batch.reader.identity(row) for row in batch.rows]
    if batch.item_numbers is None:
        return found
    return [each + b"#%d" % item for each, item in zip(found, batch.item_numbers, strict=True)]


def head_columns(event: CompiledEvent, batch: Batch, ids: Column | None, problems: Problems) -> list[Column]:
    """The columns of the event's fields; adds to `problems` what the contract would refuse."""
    columns = event.fields.columns(batch, problems)
    by_name = dict(zip(event.fields.names, columns, strict=True))
    missing: Column = [None] * len(batch)
    for first, second in event.one_of_each:
        if None not in by_name.get(first, missing):
            continue
        for place, pair in enumerate(zip(by_name.get(first, missing), by_name.get(second, missing), strict=True)):
            if pair == (None, None):
                problems.setdefault(place, f"neither {first} nor {second} has a value")
    if event.line is None and STATUS_THAT_NEEDS_LINES in by_name.get("status", missing):
        for place, status in enumerate(by_name["status"]):
            if status == STATUS_THAT_NEEDS_LINES:
                problems.setdefault(place, "a placed order needs lines")
    for place, event_id in enumerate(ids or ()):
        if event_id.__class__ is not str:
            reason = event_id.reason if isinstance(event_id, Refusal) else "event_id has no value"
            problems.setdefault(place, reason)
    return columns


def make_heads(
    event: CompiledEvent, ids: Column, columns: list[Column], lines: Column | None, properties: Column | None
) -> list[Thing]:
    """One Struct an event, with the fields in the order of the contract."""
    missing: Column = [None] * len(ids)
    types = [event.event_type] * len(ids)
    return list(map(event.fields.struct, ids, types, *columns, lines or missing, properties or missing))


def encode_fitting(things: list[Any]) -> tuple[bytes, list[int]]:
    """Each thing as a line of JSON, and the places of those that ingest would refuse for their length, left out."""
    encoded = _ENCODER.encode_lines(things)
    if len(encoded) <= MAX_LINE_BYTES:
        return encoded, []
    lines = encoded.split(b"\n")
    too_long = [place for place, line in enumerate(lines) if len(line) > MAX_LINE_BYTES]
    if too_long:
        encoded = b"\n".join(line for line in lines if len(line) <= MAX_LINE_BYTES)
    return encoded, too_long
