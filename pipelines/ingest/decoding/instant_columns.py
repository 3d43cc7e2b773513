"""RFC 3339 texts to UTC microseconds, a column at a time: `read_instant` for the years of a shop."""

import numpy as np
import pyarrow as pa
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.ingest.decoding.arrow_buffers import string_parts
from pipelines.ingest.decoding.instants import SECOND

Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]
Characters = NDArray[np.uint8]

# Every line of a shop lies here. Other years are left to the exact path.
_FIRST_YEAR, _END_YEAR = 1900, 2200
_MONTH_STARTS = np.arange(f"{_FIRST_YEAR}-01", f"{_END_YEAR}-02", dtype="datetime64[M]").astype("datetime64[D]")
_MONTH_START_DAYS = _MONTH_STARTS.astype(np.int64)
_MONTH_LENGTHS = np.diff(_MONTH_START_DAYS)

EARLIEST = int(_MONTH_START_DAYS[0] + 1) * 86_400 * SECOND
LATEST = int(_MONTH_START_DAYS[-2]) * 86_400 * SECOND
"""Between these, the day of an instant is one of the calendar in any zone."""

_YEAR, _MONTH, _DAY, _HOUR, _MINUTE, _SECOND = 0, 5, 8, 11, 14, 17
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_SEPARATORS = ((4, "-"), (7, "-"), (13, ":"), (16, ":"))
_LETTER_T, _POINT = 10, 19
_BASE_LENGTH, _MAX_FRACTION, _UTC_LENGTH, _OFFSET_LENGTH = 19, 9, len("Z"), len("+08:00")
_LARGEST_DIGIT, _LARGEST_MONTH, _LARGEST_HOUR, _LARGEST_MINUTE = 9, 12, 23, 59
_LOWER = 0x20  # the bit that makes an ASCII letter lower case


def read_instants(texts: pa.StringArray) -> tuple[Micros, Mask]:
    """Microseconds of each text, and whether it was read; what was not is left to `read_instant`."""
    data, starts, lengths = string_parts(texts)
    micros = np.zeros(len(texts), np.int64)
    is_read = np.zeros(len(texts), np.bool_)
    for length in np.unique(lengths).tolist():
        if not _BASE_LENGTH < length <= _BASE_LENGTH + 1 + _MAX_FRACTION + _OFFSET_LENGTH:
            continue
        rows = np.flatnonzero(lengths == length)
        characters = _matrix(data, starts[rows], length)
        is_utc = (characters[:, -1] | _LOWER) == ord("z")
        for is_chosen, zone_length in ((is_utc, _UTC_LENGTH), (~is_utc, _OFFSET_LENGTH)):
            if is_chosen.all():
                micros[rows], is_read[rows] = _read_matrix(characters, zone_length)
            elif is_chosen.any():
                micros[rows[is_chosen]], is_read[rows[is_chosen]] = _read_matrix(characters[is_chosen], zone_length)
    return micros, is_read


def _matrix(data: Characters, starts: NDArray[np.int64], length: int) -> Characters:
    """Texts of one length, a text a row."""
    first, last = int(starts[0]), int(starts[-1]) + length
    if last - first == len(starts) * length:  # nothing between them: no copy
        return data[first:last].reshape(-1, length)
    return sliding_window_view(data, length)[starts]


def _read_matrix(characters: Characters, zone_length: int) -> tuple[Micros, Mask]:
    count, length = characters.shape
    fraction = range(_POINT + 1, length - zone_length)
    has_point = length - zone_length > _POINT
    if length - zone_length < _BASE_LENGTH or has_point != bool(fraction) or len(fraction) > _MAX_FRACTION:
        return np.zeros(count, np.int64), np.zeros(count, np.bool_)
    has_offset = zone_length == _OFFSET_LENGTH
    offset_digits = (length - 5, length - 4, length - 2, length - 1) if has_offset else ()
    places = np.ascontiguousarray(characters.T)  # each place of all texts side by side
    digits = places - np.uint8(ord("0"))  # wraps: what is no digit becomes more than 9
    is_read: Mask = (places[_LETTER_T] | _LOWER) == ord("t")
    for place, separator in (
        *_SEPARATORS,
        *([(_POINT, ".")] if has_point else []),
        *([(length - 3, ":")] if has_offset else []),
    ):
        is_read &= places[place] == ord(separator)
    for place in (*_DIGITS, *fraction, *offset_digits):
        is_read &= digits[place] <= _LARGEST_DIGIT

    def pair(place: int, largest: int = 99) -> NDArray[np.uint8]:
        # Where both are digits, no more than 99.
        value: NDArray[np.uint8] = digits[place] * np.uint8(10) + digits[place + 1]
        np.logical_and(is_read, value <= largest, out=is_read)
        return value

    year = pair(_YEAR).astype(np.int32) * 100 + pair(_YEAR + 2)
    month, day = pair(_MONTH, _LARGEST_MONTH), pair(_DAY)
    hour, minute = pair(_HOUR, _LARGEST_HOUR), pair(_MINUTE, _LARGEST_MINUTE)
    seconds: NDArray[np.int32] = (hour.astype(np.int32) * 60 + minute) * 60 + pair(_SECOND, _LARGEST_MINUTE)
    micros = np.zeros(count, np.int32)
    for place in fraction[:6]:  # what is finer is cut off
        micros = micros * 10 + digits[place]
    micros *= np.int32(10 ** max(0, 6 - len(fraction)))
    if has_offset:
        sign = places[length - _OFFSET_LENGTH]
        is_read &= (sign == ord("+")) | (sign == ord("-"))
        offset_hour, offset_minute = pair(length - 5, _LARGEST_HOUR), pair(length - 2, _LARGEST_MINUTE)
        offset = (offset_hour.astype(np.int32) * 60 + offset_minute) * 60
        seconds -= np.where(sign == ord("+"), offset, -offset)
    is_read &= (year >= _FIRST_YEAR) & (year < _END_YEAR) & (month >= 1) & (day >= 1)
    index = np.where(is_read, (year - _FIRST_YEAR) * 12 + month - 1, 0)
    is_read &= day <= _MONTH_LENGTHS[index]
    days: Micros = _MONTH_START_DAYS[index] + day - 1
    return (days * 86_400 + seconds) * SECOND + micros, is_read
