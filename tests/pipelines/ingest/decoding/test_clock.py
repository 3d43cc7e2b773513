"""Business days: a column of instants falls on the days that the zone's own calendar says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.decoding.clock import local_days
from pipelines.ingest.decoding.instants import to_micros

# Two days from the calendar's ends, so that every zone has a day for them.
EARLY, LATE = datetime.min + timedelta(days=2), datetime.max - timedelta(days=2)  # noqa: DTZ901 - what hypothesis takes
instants = st.datetimes(EARLY, LATE, timezones=st.just(UTC)) | st.datetimes(
    EARLY.replace(year=1880), LATE.replace(year=2100), timezones=st.just(UTC)
)


def days_of(moments: list[datetime], zone: str) -> list[date]:
    days = local_days(np.array([to_micros(moment) for moment in moments], np.int64), zone)
    return [date.fromordinal(int(day) + date(1970, 1, 1).toordinal()) for day in days]


@given(st.lists(instants, min_size=1, max_size=20), st.sampled_from(sorted(available_timezones())))
def test_days_are_those_of_the_zone(moments: list[datetime], zone: str) -> None:
    assert days_of(moments, zone) == [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Asia/Shanghai", "1940-06-01T00:00", "1940-06-01T23:59"),  # summer time begins
        ("America/New_York", "2026-03-08T00:00", "2026-03-08T23:59"),
        ("Africa/Cairo", "2026-04-23T00:00", "2026-04-24T23:59"),  # at midnight
        ("Pacific/Apia", "2011-12-29T00:00", "2011-12-31T23:59"),  # a day that was left out
    ],
)
def test_every_minute_of_a_day_on_which_the_offset_changes(zone: str, first: str, last: str) -> None:
    start, end = (to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (first, last))
    micros = np.arange(start, end, 60_000_000)
    wanted = [
        datetime.fromtimestamp(each / 1e6, UTC).astimezone(ZoneInfo(zone)).toordinal() for each in micros.tolist()
    ]
    assert (local_days(micros, zone) + date(1970, 1, 1).toordinal()).tolist() == wanted
