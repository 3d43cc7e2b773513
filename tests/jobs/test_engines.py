"""A job gives the same rows in memory, as small days are computed, and as streams, as large ones are."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.any_frames import JOBS, any_frames
from tests.jobs.draw import DAY
from tests.jobs.rows import TIME_ZONE


@pytest.mark.parametrize("name", JOBS)
@settings(max_examples=settings().max_examples // 5)
@given(seed=st.integers(0, 2**32))
def test_streams_give_the_rows_that_memory_gives(name: str, seed: int) -> None:
    rows = JOBS[name].rows(any_frames(JOBS[name], Random(seed)), DAY, TIME_ZONE)
    assert rows.collect(engine="streaming").equals(rows.collect(engine="in-memory"))
