"""What the collector hands to a protocol, and what it gets back.

A protocol is a pure function `translate(request, names) -> Translation`: it opens no file, reads no clock and logs
nothing. It raises only `UnreadableError` (4xx), when nothing of the body can be told apart into events. Whatever can
be told apart becomes a line, good or bad: ingest judges it and says why, one verdict an event.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

HEADERS_READ = ("content-type", "dry-run")
"""The only headers a protocol looks at, by their lower-case names; the others need not be handed over."""


MAX_EVENTS = 100_000
"""In one request. No client sends a hundredth of it; it bounds what a body of eight million brackets can cost."""


class UnreadableError(Exception):
    """The body is no request of this protocol. The message is one line for the client's developer."""

    status = 400


class TooLargeError(UnreadableError):
    """What is packed inside the body (Sensors' gzip in base64) unpacks to more than the limit, or is too many events."""

    status = 413


def check_count(count: int) -> None:
    """Raise `TooLargeError` for more events than a request may have."""
    if count > MAX_EVENTS:
        raise TooLargeError(f"{count:,} events in one request; send at most {MAX_EVENTS:,} at once")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, with nothing left of HTTP that a protocol needs not know."""

    path: str
    """Percent-decoded."""
    query: str = ""
    """As sent, without the question mark."""
    headers: Mapping[str, str] = {}
    """Lower-case names; `HEADERS_READ` are enough."""
    body: bytes = b""
    """Unzipped where the whole body was gzip, by its header or by its first bytes."""
    received_at: str
    """RFC 3339 in UTC, as `2026-11-20T09:30:00.123456Z`; made once a request."""
    source: str
    """Who sends, by the write key: the folder of the landing."""
    max_bytes: int = 8 * 1024 * 1024
    """What a payload inside the body may unpack to."""


class Translation(msgspec.Struct, gc=False):
    """What became of a request: every event is a line, or kept for replay, or ignored by a rule of the mapping."""

    lines: list[bytes] = []
    """One JSON event each, in the contract of schemas/events, without its line feed."""
    unmapped: list[bytes] = []
    """One JSON object each (`Unmapped`), to be kept for `maidian replay` where ingest never looks."""
    unmapped_names: list[str] = []
    """Their names, as the client says them: whatever a client likes, so no label of a metric without a limit."""
    ignored_count: int = 0
    """Events that the mapping says to leave out."""


class Unmapped(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event whose name maps to no type yet, whole, with all that is needed to translate it later."""

    protocol: str
    source: str
    name: str
    received_at: str
    sent_at: str | None = None
    """Said by the request, where the event itself does not say it."""
    event_id: msgspec.Raw
    """Settled when it came: where the client gave none, it depends on the other events of the request."""
    original: msgspec.Raw


def instant_text(moment: datetime) -> str:
    """An instant in UTC as `received_at` wants it."""
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
