"""Texts of a time to the date and time they say, without a thought for the zone; and what is wrong with a format."""

import datetime as dt
import re
from collections.abc import Callable

EPOCH_UNITS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1000, "epoch_microseconds": 1}
"""Microseconds in one unit of each format that counts from 1970-01-01T00:00:00Z."""

NAMED_FORMATS = ("iso", *EPOCH_UNITS)

# The directives whose meaning is plain digits, as the standard library reads them. Formats of these alone are parsed
# with one regular expression, eight times as fast as strptime; test_times.py holds the two equal.
_DIGITS = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>1[0-2]|0[1-9]|[1-9])",
    "d": r"(?P<d>3[01]|[12]\d|0[1-9]|[1-9]| [1-9])",
    "H": r"(?P<H>2[0-3]|[01]\d|\d)",
    "M": r"(?P<M>[0-5]\d|\d)",
    "S": r"(?P<S>6[01]|[0-5]\d|\d)",
    "f": r"(?P<f>\d{1,6})",
}
_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"(?:[Tt ](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,](?P<f>\d{1,6})\d{0,3})?)?)?"
    r" ?(?P<offset>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)

NaiveParser = Callable[[str], dt.datetime | None]
"""The date and time a text says, with its offset if it has one; None when it says none."""


def check_format(time_format: str) -> str | None:
    """What is wrong with a format of a mapping, or None."""
    if "%" not in time_format:
        return (
            None if time_format in NAMED_FORMATS else f"is none of {', '.join(NAMED_FORMATS)} and has no % directives"
        )
    if "%Z" in time_format:
        return "has %Z, but zone names are ambiguous; read the offset with %z or give the zone itself"
    if not re.search("%[YyGcxs]", time_format):
        return "has no year"
    try:
        dt.datetime.strptime("", time_format)  # noqa: DTZ007 - only the format is judged
    except ValueError as error:
        if "does not match format" not in str(error):
            return str(error)
    return None


def needs_zone(time_format: str) -> bool:
    """Whether texts of this format say nothing of the zone; `iso` may or may not."""
    return time_format not in NAMED_FORMATS and "%z" not in time_format


def parse_iso(text: str) -> dt.datetime | None:
    """Dates, and dates with a time, with or without an offset, as ISO 8601 writes them out."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    offset = match["offset"]
    return _build(match, _offset_of(offset) if offset else None)


def _offset_of(text: str) -> dt.timezone:
    if text in ("Z", "z"):
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _build(match: re.Match[str], zone: dt.timezone | None) -> dt.datetime | None:
    found = match.groupdict(default="0")
    try:
        return dt.datetime(
            int(found["Y"]),
            int(found["m"]),
            int(found["d"]),
            int(found.get("H", 0)),
            int(found.get("M", 0)),
            int(found.get("S", 0)),
            int(found.get("f", "0").ljust(6, "0")),
            zone,
        )
    except ValueError:
        return None


def strptime_parser(time_format: str) -> NaiveParser:
    """A function that reads texts of a format of strptime."""
    pieces = re.split(r"%(.)", time_format)
    directives = pieces[1::2]
    if len(set(directives)) == len(directives) and set("Ymd") <= set(directives) <= set(_DIGITS):
        pattern = "".join(
            _DIGITS[piece] if place % 2 else re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(piece))
            for place, piece in enumerate(pieces)
        )
        compiled = re.compile(pattern, re.ASCII | re.IGNORECASE)

        def parse_digits(text: str) -> dt.datetime | None:
            match = compiled.fullmatch(text)
            return None if match is None else _build(match, None)

        return parse_digits

    def parse(text: str) -> dt.datetime | None:
        try:
            return dt.datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone is given after
        except ValueError:
            return None

    return parse
