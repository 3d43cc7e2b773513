"""Times of a file as RFC 3339 with an offset: by format, by zone, and by a stated rule where the clock is put back.

Local times that happen twice or never are settled by `[time] ambiguous` and `nonexistent`, they never stop a run.
"""

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from pipelines.imports.mapping import ClockChoice
from pipelines.imports.time_formats import EPOCH_UNITS, parse_iso, strptime_parser
from pipelines.imports.values import MEMO_LIMIT, Refusal, Value, as_decimal, as_text, shorten

_INT64_DIGITS = 18  # longer counts since 1970 are no times; they go the careful way and are refused there
_FIRST_YEAR = 1000  # earlier years are no times of a shop, and shorter than RFC 3339 wants them
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# What a text is beside its seconds. The minute and its offset are worked out once and kept: in a log almost every
# second is new and almost no minute is, and going through datetime and zone takes seven times as long.
_ISO_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):([0-5]\d(?:\.\d{1,6})?)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_ANY_MINUTE = {
    ":%S": re.compile(r"(.*):([0-5]\d)()", re.ASCII),
    ":%S.%f": re.compile(r"(.*):([0-5]\d\.\d{1,6})()", re.ASCII),
}

Parser = Callable[[Value], str | Refusal]


def parser_of(time_format: str, zone: ZoneInfo | None, *, ambiguous: ClockChoice, nonexistent: ClockChoice) -> Parser:
    """A function from a value to the contract's instant, or a refusal that says what was not understood.

    A value that is a date or time already (Parquet, XLSX) needs no format. What carries an offset ignores the zone.
    """
    scale = EPOCH_UNITS.get(time_format)
    parse = parse_iso if time_format == "iso" else strptime_parser(time_format)

    def to_instant(value: Value) -> str | Refusal:
        if isinstance(value, dt.datetime):
            moment: dt.datetime | None = value
        elif isinstance(value, dt.date):
            moment = dt.datetime.combine(value, dt.time())
        elif scale is not None:
            moment = _since_epoch(value, scale)
        else:
            moment = parse(as_text(value).strip())
        if moment is None:
            return Refusal(f"time {shorten(value)} is not of the format {time_format}")
        return _to_rfc3339(moment, zone, ambiguous, nonexistent)

    if scale is not None:
        return _by_minute_of_epoch(to_instant, scale)
    if time_format == "iso":
        return _by_minute(to_instant, _ISO_MINUTE, "")
    for seconds, pattern in _ANY_MINUTE.items():
        if time_format.endswith(seconds):
            return _by_minute(to_instant, pattern, ".0" if seconds.endswith("%f") else "")
    return to_instant


def _by_minute(to_instant: Parser, pattern: re.Pattern[str], fraction: str) -> Parser:
    """The same function, faster on texts that differ in their seconds alone."""
    known: dict[tuple[str, str | None], tuple[str, str]] = {}

    def to_instant_by_minute(value: Value) -> str | Refusal:
        match = pattern.fullmatch(value) if value.__class__ is str else None
        if match is None:
            return to_instant(value)
        head, seconds, offset = match.groups()
        minute = known.get((head, offset))
        if minute is None:
            whole = to_instant(f"{head}:00{fraction}{offset or ''}")
            # A refusal must name the value itself; an offset with seconds in it moves the seconds.
            if isinstance(whole, Refusal) or whole[16:19] != ":00":
                return to_instant(value)
            if len(known) >= MEMO_LIMIT:
                known.clear()
            minute = known[head, offset] = (whole[:17], whole[19:])
        return f"{minute[0]}{seconds}{minute[1]}"

    return to_instant_by_minute


def _by_minute_of_epoch(to_instant: Parser, scale: int) -> Parser:
    """The same function, faster on whole numbers."""
    known: dict[int, str] = {}
    units_a_minute = 60_000_000 // scale

    def to_instant_by_minute(value: Value) -> str | Refusal:
        if value.__class__ is str and value.isascii() and value.isdigit() and len(value) <= _INT64_DIGITS:
            value = int(value)
        if value.__class__ is not int:
            return to_instant(value)
        number, rest = divmod(value, units_a_minute)
        minute = known.get(number)
        if minute is None:
            whole = to_instant(number * units_a_minute)
            if isinstance(whole, Refusal):
                return to_instant(value)
            if len(known) >= MEMO_LIMIT:
                known.clear()
            minute = known[number] = whole[:17]
        seconds, microseconds = divmod(rest * scale, 1_000_000)
        return f"{minute}{seconds:02d}.{microseconds:06d}+00:00"

    return to_instant_by_minute


def _to_rfc3339(
    moment: dt.datetime, zone: ZoneInfo | None, ambiguous: ClockChoice, nonexistent: ClockChoice
) -> str | Refusal:
    if moment.tzinfo is None:
        if zone is None:
            return Refusal(f"time {shorten(moment)} has no offset; give [time] zone")
        moment = moment.replace(tzinfo=zone, fold=0)
        second = moment.replace(fold=1)
        before, after = moment.utcoffset(), second.utcoffset()
        assert before is not None
        assert after is not None
        if before != after:
            # Put back (before > after): the time happens twice. Put forward: it never happens, and reading it with
            # the offset from before the change gives the later instant.
            is_twice = before > after
            choice = ambiguous if is_twice else nonexistent
            if choice == "refuse":
                return Refusal(f"time {shorten(moment.replace(tzinfo=None))} happens {_times(is_twice)} in {zone.key}")
            if (choice == "later") == is_twice:
                moment = second
    offset = moment.utcoffset()
    assert offset is not None
    if offset.seconds % 60 or not _FIRST_YEAR <= moment.year < dt.MAXYEAR:
        try:
            moment = moment.astimezone(dt.UTC)  # Local mean times of the past have offsets that RFC 3339 cannot say.
        except OverflowError:
            return Refusal(f"time {shorten(moment)} is out of range")
    return moment.isoformat()


def _times(is_twice: bool) -> str:
    return "twice" if is_twice else "never"


def _since_epoch(value: Value, scale: int) -> dt.datetime | None:
    number = as_decimal(value)
    if number is None:
        return None
    try:
        return _EPOCH + dt.timedelta(microseconds=int(number * scale))
    except (OverflowError, ArithmeticError):
        return None
