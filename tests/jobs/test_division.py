"""What each job says of its division holds: its parts, one after another, are its rows."""

from dataclasses import replace
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_job
from jobs.engine.division import Divided, Undivided, equal_parts, frames_of_part, parts_between
from schemas.tables import declared_tables
from tests.jobs.any_frames import JOBS, Frames, any_frames
from tests.jobs.draw import DAY
from tests.jobs.rows import TIME_ZONE

DIVIDED = {name: job.division for name, job in JOBS.items() if isinstance(job.division, Divided)}


def rows_of(job: Job, frames: Frames) -> pl.DataFrame:
    return job.rows(frames, DAY, TIME_ZONE).select(declared_tables()[job.table].file_schema.names).collect()


def rows_in_parts(job: Job, division: Divided, frames: Frames, random: Random) -> pl.DataFrame:
    keys = [
        frames[read.table].select(key.alias("key")).collect()["key"].drop_nulls()
        for read in job.inputs
        if (key := division.key_of(read)) is not None
    ]
    known = sorted(set(pl.concat(keys)))
    parts = parts_between(sorted(random.sample(known, min(len(known), random.randrange(4)))))
    computed = [rows_of(job, frames_of_part(division, job.inputs, frames, part)) for part in parts]
    whole = pl.concat(computed)
    return whole.sort(division.order_by) if division.order_by else whole


@pytest.mark.parametrize("name", DIVIDED)
@settings(max_examples=settings().max_examples // 5)
@given(seed=st.integers(0, 2**32))
def test_parts_one_after_another_are_the_whole(name: str, seed: int) -> None:
    random, job = Random(seed), JOBS[name]
    frames = any_frames(job, random)
    assert rows_in_parts(job, DIVIDED[name], frames, random).equals(rows_of(job, frames))


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("order_value_groups", "customer_id"),
        ("searches", "session_id"),
        ("sessions", "customer_id"),
    ],
)
def test_a_division_that_does_not_hold_is_found_out(name: str, by: str) -> None:
    job = find_job(name)
    assert job is not None
    whole = ("order_lines", "search_clicks") if name == "searches" else ()
    wrong = Divided(by, whole=whole)
    for seed in range(100):
        random = Random(seed)
        frames = any_frames(job, random)
        if not rows_in_parts(replace(job, division=wrong), wrong, frames, random).equals(rows_of(job, frames)):
            return
    pytest.fail("no rows show it")


def test_a_job_that_is_not_divided_says_why_in_a_sentence() -> None:
    reasons = [job.division.because for job in JOBS.values() if isinstance(job.division, Undivided)]
    assert all(len(reason) > 40 and reason[0].islower() and reason[-1].isalpha() for reason in reasons)
    assert len(DIVIDED) + len(reasons) == len(JOBS)


@given(st.lists(st.none() | st.text(max_size=2)), st.integers(1, 8))
def test_each_key_is_of_one_part_and_parts_are_about_equal(keys: list[str | None], count: int) -> None:
    series = pl.Series(keys, dtype=pl.String)
    parts = equal_parts(series, count)
    assert 1 <= len(parts) <= count
    held = [
        series.to_frame("key").select(part.holds(pl.col("key")).fill_null(value=False)).to_series() for part in parts
    ]
    assert sum(held, start=pl.Series([0] * len(keys))).to_list() == [1] * len(keys)
    different = series.drop_nulls().n_unique()
    if different == series.drop_nulls().len() and different >= count:
        assert len(parts) == count
        sizes = [(each & series.is_not_null()).sum() for each in held]
        assert max(sizes) - min(sizes) <= 1
