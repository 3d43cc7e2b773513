"""Time rules: clocks that are off are corrected, times out of bounds are found, a day is one of the lake's zone.

All instants are microseconds since 1970 in UTC; `Clock` is what the rules are measured with.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from pipelines.ingest.decoding.instant_columns import EARLIEST, LATEST, Mask, Micros
from pipelines.ingest.decoding.instants import EPOCH, MICROSECOND, SECOND, write_instant

_DAY = 86_400 * SECOND


@dataclass(frozen=True)
class Clock:
    """What times are judged by: the ingest's clock, the lake's zone, and the limits."""

    ingested_at: int
    time_zone: str
    max_clock_skew: int
    max_future: int
    max_age: int

    def correct(self, client_at: int, sent_at: int | None, received_at: int | None) -> int:
        """When it happened: the client's time, shifted when its clock was off."""
        if sent_at is None or received_at is None:
            return client_at
        skew = received_at - sent_at
        return client_at + skew if abs(skew) > self.max_clock_skew else client_at

    def find_fault(self, occurred_at: int, received_at: int | None) -> str | None:
        """Why a corrected time is out of bounds; None when it is within."""
        measured_from = self.ingested_at if received_at is None else received_at
        if occurred_at - measured_from > self.max_future:
            beyond = (occurred_at - measured_from) // SECOND
            return f"{beyond} seconds after it was {'ingested' if received_at is None else 'received'}"
        if received_at is not None and received_at - occurred_at > self.max_age:
            return f"{(received_at - occurred_at) // _DAY} days before it was received"
        if local_day(occurred_at, self.time_zone) is None:
            return f"on no day of the calendar in {self.time_zone}"
        return None

    def correct_all(
        self, client_at: Micros, sent_at: Micros, received_at: Micros, is_sent: Mask, is_received: Mask
    ) -> tuple[Micros, Mask]:
        """`correct` and `find_fault` for a column: the corrected times, and which are surely within bounds."""
        skew = received_at - sent_at
        is_shifted = is_sent & is_received & (np.abs(skew) > self.max_clock_skew)
        occurred_at = np.where(is_shifted, client_at + skew, client_at)
        ahead = occurred_at - np.where(is_received, received_at, self.ingested_at)
        is_within = (ahead <= self.max_future) & (~is_received | (-ahead <= self.max_age))
        return occurred_at, is_within & (occurred_at >= EARLIEST) & (occurred_at < LATEST)


def local_day(micros: int, time_zone: str) -> int | None:
    """The day in the zone, as days since 1970; None when the calendar of the years 1 to 9999 has no such day."""
    instant = write_instant(micros)
    if instant is None:
        return None
    try:
        return instant.astimezone(ZoneInfo(time_zone)).toordinal() - EPOCH.toordinal()
    except OverflowError:
        return None


def local_days(micros: Micros, time_zone: str) -> NDArray[np.int32]:
    """`local_day` of each instant, all of which have one."""
    utc_days = micros // _DAY
    days = np.empty(len(micros), np.int32)
    for utc_day in np.unique(utc_days).tolist():
        rows = utc_days == utc_day
        offset = _offset_of_day(utc_day, time_zone)
        if offset is None:
            days[rows] = np.array([local_day(each, time_zone) for each in micros[rows].tolist()], np.int32)
        else:
            days[rows] = (micros[rows] + offset) // _DAY
    return days


@lru_cache(maxsize=4096)  # days; a block has few
def _offset_of_day(utc_day: int, time_zone: str) -> int | None:
    """The zone's offset through a whole UTC day; None when it changes within, or the day is at the calendar's edge."""
    zone = ZoneInfo(time_zone)
    try:
        first = EPOCH + timedelta(days=utc_day)
        offsets = {(first + timedelta(hours=hour)).astimezone(zone).utcoffset() for hour in range(25)}
    except OverflowError:
        return None
    offset = offsets.pop()
    return None if offsets or offset is None else offset // MICROSECOND
