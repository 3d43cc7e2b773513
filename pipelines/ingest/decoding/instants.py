"""RFC 3339 texts to UTC microseconds, one at a time, exact over all years.

Digits beyond the microsecond are cut off, never rounded: rounding could carry an event into the next day.
"""

import re
from datetime import UTC, datetime, timedelta

from schemas.events.contract import INSTANT_TEXT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""A second in microseconds."""

_INSTANT = re.compile(INSTANT_TEXT)
_FIRST_MICRO = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
_LAST_MICRO = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


def read_instant(text: str) -> int | None:
    """Microseconds since 1970 in UTC; None when the text is no instant of the years 1 to 9999."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())  # cuts off what is beyond the microsecond
    except ValueError:  # no day of the calendar
        return None
    micros = to_micros(instant)
    return micros if _FIRST_MICRO <= micros <= _LAST_MICRO else None


def write_instant(micros: int) -> datetime | None:
    """The inverse of `read_instant`; None beyond the years 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 of an instant with a zone."""
    return (instant - EPOCH) // MICROSECOND
