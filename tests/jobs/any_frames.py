"""What any job reads, made up from the declarations of its inputs."""

from collections.abc import Mapping
from random import Random

import polars as pl
import pyarrow as pa

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_jobs, with_upstream
from schemas.tables import declared_tables
from tests.jobs.any_rows import any_rows, days_around
from tests.jobs.draw import DAY
from tests.jobs.rows import frames_for, made_by, table_of

JOBS = {job.table: job for job in find_jobs()}
Frames = Mapping[str, pl.LazyFrame]


def any_frames(job: Job, random: Random) -> Frames:
    """Inputs of the job, made up; of a job that relies on what they say of each other, made of events by their own jobs."""
    if job.table == "session_events":
        return frames_for(job, made_of_events(job, random), DAY)
    tables = {}
    for read in job.inputs:
        table = declared_tables()[read.table]
        days = days_around(read.look_back_days, read.look_ahead_days)
        key = (*table.key, table.partition) if read.table == "orders" else table.key  # a number may be used again
        rows = any_rows(table.schema, key, days, random, random.choice((3, 20, 60)))
        tables[read.table] = table_of(read.table, rows)
    return frames_for(job, tables, DAY)


def made_of_events(job: Job, random: Random) -> dict[str, pa.Table]:
    """Events of some days and all that the job reads of them."""
    events = declared_tables()["events"]
    days = days_around(2, 1)
    rows = any_rows(events.schema, events.key, days, random, random.choice((3, 20, 60)))
    tables = {"events": table_of("events", [{**row, "anonymous_id": row["anonymous_id"] or "d0"} for row in rows])}
    for made in with_upstream(list(JOBS.values()), [job.table])[:-1]:
        tables[made.table] = made_by(made, tables, days)
    return tables
