"""Times: a column reads as its texts do one by one, and a text as the calendar says."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.decoding.instant_columns import read_instants
from pipelines.ingest.decoding.instants import EPOCH, MICROSECOND, read_instant
from tests.pipelines.ingest.decoding.odd_values import TIMES

offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
good_times = st.datetimes(timezones=offsets | st.just(UTC)).map(datetime.isoformat)
broken_times = st.tuples(good_times, st.integers(0, 40), st.sampled_from("0123456789:-+.TtZz x\u0661")).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
)
texts = good_times | broken_times | st.sampled_from(TIMES) | st.none()


@given(st.datetimes(timezones=offsets))
def test_a_text_is_read_as_the_calendar_says(moment: datetime) -> None:
    micros = (moment - EPOCH) // MICROSECOND
    try:
        moment.astimezone(UTC)
    except OverflowError:
        assert read_instant(moment.isoformat()) is None
    else:
        assert read_instant(moment.isoformat()) == micros


@given(st.lists(texts, max_size=20))
def test_a_column_is_read_as_its_texts_are(column: list[str | None]) -> None:
    micros, is_read = read_instants(pa.array(column, pa.string()))
    for text, value, is_sure in zip(column, micros.tolist(), is_read.tolist(), strict=True):
        if text is None:
            assert not is_sure
        elif is_sure:
            assert read_instant(text) == value
        elif (alone := read_instant(text)) is not None:
            assert not 1900 < (EPOCH + alone * MICROSECOND).year < 2199, f"{text} is left to the slow path"


def test_a_slice_of_a_column_is_read_from_its_own_start() -> None:
    column = pa.array(["2026-11-20T00:00:00Z", None, "2026-11-20T00:00:01Z", "x"]).slice(1, 2)
    micros, is_read = read_instants(column)
    assert is_read.tolist() == [False, True]
    assert micros[1] == read_instant("2026-11-20T00:00:01Z")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-20T09:30:15.1234569Z", "2026-11-20T09:30:15.123456Z"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2026-11-20t09:30:15z", "2026-11-20T09:30:15-00:00"),
        ("2026-11-20T09:30:15+23:59", "2026-11-19T09:31:15Z"),
    ],
)
def test_digits_beyond_the_microsecond_are_cut_off_and_offsets_taken_off(text: str, same: str) -> None:
    assert read_instant(text) == read_instant(same) is not None
