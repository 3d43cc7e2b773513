"""Times against strptime and zoneinfo, used plainly."""

# ruff: noqa: DTZ001 - times without a zone are what is tested

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.imports.mapping import ClockChoice
from pipelines.imports.time_formats import check_format
from pipelines.imports.times import Parser, parser_of
from pipelines.imports.values import Refusal
from schemas.events.contract import INSTANT_TEXT

FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y",
    "%Y%m%d%H%M%S",
    "%d/%b/%Y:%H:%M:%S",
    "%y-%m-%d %I:%M %p",
    "day %d of %m %Y at %H",
]
ZONES = ["Asia/Shanghai", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]


def parser(time_format: str, zone: str | None = None, choice: ClockChoice = "earlier") -> Parser:
    return parser_of(time_format, ZoneInfo(zone) if zone else None, ambiguous=choice, nonexistent="later")


def instant(text: str | Refusal) -> dt.datetime:
    assert isinstance(text, str), text
    assert re.fullmatch(INSTANT_TEXT, text), text
    return dt.datetime.fromisoformat(text)  # with a fixed offset, unlike a zone, two of them compare as instants


@given(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1)), st.sampled_from(FORMATS), st.sampled_from(ZONES))
def test_local_time_is_read_as_strptime_and_zoneinfo_read_it(moment: dt.datetime, time_format: str, zone: str) -> None:
    text = moment.strftime(time_format)
    plainly = dt.datetime.strptime(text, time_format).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    parse = parser(time_format, zone)
    assert instant(parse(text)) == plainly
    assert instant(parse(text)) == plainly, "also when the minute is known already"


@given(st.text(st.sampled_from("0123456789-: T.Zz+/"), max_size=24), st.sampled_from(FORMATS))
def test_text_that_strptime_refuses_is_refused(text: str, time_format: str) -> None:
    try:
        expected = dt.datetime.strptime(text.strip(), time_format).replace(tzinfo=dt.UTC)
    except ValueError:
        assert isinstance(parser(time_format, "UTC")(text), Refusal)
    else:
        assert instant(parser(time_format, "UTC")(text)) == expected


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2037, 1, 1), timezones=st.timezones()))
def test_iso_with_an_offset_says_the_instant_itself(moment: dt.datetime) -> None:
    offset = moment.utcoffset()
    if offset is not None and not offset.seconds % 60:
        assert instant(parser("iso", "Asia/Shanghai")(moment.isoformat())) == moment.astimezone(dt.UTC)
        in_utc = moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        assert instant(parser("iso")(in_utc)) == moment.astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-11-20", "2026-11-20T00:00:00+08:00"),
        ("2026-11-20 09:30", "2026-11-20T09:30:00+08:00"),
        ("2026-11-20T09:30:15,25", "2026-11-20T09:30:15.250000+08:00"),
        ("2026-11-20T09:30:15.123456789Z", "2026-11-20T09:30:15.123456+00:00"),
        ("2026-11-20 09:30:15 +0530", "2026-11-20T09:30:15+05:30"),
        (" 2026-11-20 09:30:15 ", "2026-11-20T09:30:15+08:00"),
        (dt.date(2026, 11, 20), "2026-11-20T00:00:00+08:00"),
        (dt.datetime(2026, 11, 20, 9, 30), "2026-11-20T09:30:00+08:00"),
        (dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC), "2026-11-20T09:30:00+00:00"),
    ],
)
def test_iso_in_its_forms(text: object, read: str) -> None:
    assert parser("iso", "Asia/Shanghai")(text) == read


@pytest.mark.parametrize(
    "text", ["2026-11-31", "2026-11-20T24:00:00", "2026-11-20T09:30:60", "20261120", "2026-11-20T09", "", "2026-1-2"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert parser("iso", "UTC")(text) == Refusal(f"time {text!r} is not of the format iso")


def test_iso_without_offset_and_zone_is_refused_with_what_to_do() -> None:
    assert parser("iso")("2026-11-20 09:30") == Refusal("time '2026-11-20 09:30:00' has no offset; give [time] zone")


@pytest.mark.parametrize(
    ("time_format", "value", "read"),
    [
        ("epoch_seconds", "1659304800", "2022-07-31T22:00:00.000000+00:00"),
        ("epoch_seconds", 1659304800.5, "2022-07-31T22:00:00.500000+00:00"),
        ("epoch_milliseconds", 1659304800025, "2022-07-31T22:00:00.025000+00:00"),
        ("epoch_microseconds", "1659304800025001", "2022-07-31T22:00:00.025001+00:00"),
        ("epoch_seconds", -1, "1969-12-31T23:59:59.000000+00:00"),
    ],
)
def test_counts_since_1970(time_format: str, value: object, read: str) -> None:
    assert instant(parser(time_format)(value)) == dt.datetime.fromisoformat(read)
    assert instant(parser(time_format)(value)) == dt.datetime.fromisoformat(read)


@given(st.integers(-(10**12), 10**13), st.integers(0, 10**5))
def test_milliseconds_count_from_1970(milliseconds: int, step: int) -> None:
    parse = parser("epoch_milliseconds")
    for each in (milliseconds, milliseconds + step):
        assert instant(parse(each)) == dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=each)


@pytest.mark.parametrize("value", ["1e30", "x", "", 10**30, "NaN", True])
def test_count_that_is_no_time_is_refused(value: object) -> None:
    assert isinstance(parser("epoch_seconds")(value), Refusal)


# London: 01:30 on 2026-10-25 happens twice, 01:30 on 2026-03-29 never. Lord Howe turns by half an hour.
@pytest.mark.parametrize(
    ("zone", "text", "earlier", "later"),
    [
        ("Europe/London", "2026-10-25 01:30:00", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ("Europe/London", "2026-03-29 01:30:00", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
        ("Asia/Shanghai", "1986-05-04 02:30:00", "1986-05-03T17:30:00Z", "1986-05-03T18:30:00Z"),
    ],
)
def test_clock_changes_go_the_way_that_was_said(zone: str, text: str, earlier: str, later: str) -> None:
    def read(choice: ClockChoice) -> str | Refusal:
        return parser_of("%Y-%m-%d %H:%M:%S", ZoneInfo(zone), ambiguous=choice, nonexistent=choice)(text)

    assert instant(read("earlier")) == dt.datetime.fromisoformat(earlier)
    assert instant(read("later")) == dt.datetime.fromisoformat(later)
    assert isinstance(read("refuse"), Refusal)


def test_local_mean_time_is_said_in_utc_for_its_offset_has_seconds() -> None:
    parse = parser("%Y-%m-%d %H:%M:%S", "Asia/Shanghai")
    assert parse("1890-01-01 00:00:10") == "1889-12-31T15:54:27+00:00"
    assert parse("1890-01-01 00:00:20") == "1889-12-31T15:54:37+00:00"


def test_formats_are_checked_without_a_value() -> None:
    assert [check_format(each) for each in FORMATS] == [None] * len(FORMATS)
