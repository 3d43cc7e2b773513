"""Sessions and customers of events, computed day by day, are those one sees who looks at all events at once."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_job
from schemas.settings import DEFAULTS, Settings
from schemas.tables import declared_tables
from tests.jobs.draw import Row
from tests.jobs.draw_visits import visits
from tests.jobs.rows import computed, table_of
from tests.oracles import session_events as oracle
from tests.oracles import sessions as sessions_oracle

TABLES = ("visit_parts", "device_customers", "identities", "session_events", "sessions")
# An example computes five tables for four days: the profile's share of that is small, and CI looks longer.
FEW, FEWER = (hypothesis_settings(max_examples=hypothesis_settings().max_examples // part) for part in (4, 12))
Days = dict[date, list[Row]]

EVENT: Row = {
    "event_type": "view",
    "sku_id": "p",
    "anonymous_id": "D1",
    "customer_id": None,
    "session_id": None,
    "buyer_id": None,
    "channel": "web",
    "event_date": date(2026, 11, 20),
}

# The defaults, and numbers so small that a short history reaches their edges.
chosen = st.sampled_from([DEFAULTS, Settings(shared_device_customers=2, identity_window_days=2)])


def chain(settings: Settings) -> list[Job]:
    found = [find_job(name, settings) for name in TABLES]
    return [job for job in found if job is not None]


def built(events: list[Row], settings: Settings) -> dict[str, Days]:
    """Every table, every day computed by itself from the days its inputs declare."""
    tables: dict[str, pa.Table] = {"events": table_of("events", events)}
    found: dict[str, Days] = {}
    for job in chain(settings):
        found[job.table] = {day: computed(job, tables, day) for day in sorted({row["event_date"] for row in events})}
        tables[job.table] = as_table(job.table, found[job.table])
    return found


def as_table(name: str, days: Days) -> pa.Table:
    partition = declared_tables()[name].partition
    return table_of(name, [{**row, partition: day} for day, rows in days.items() for row in rows])


def check(events: list[Row], settings: Settings) -> None:
    """Every table against its oracle."""
    found = built(events, settings)
    rows = [{**row, "event_date": day} for day, rows in found["session_events"].items() for row in rows]
    columns = ("event_id", "session_id", "session_date", "customer_id", "is_stitched", "event_date")
    assert by_id(rows, columns) == by_id(oracle.resolved(events, settings), columns)
    kept = ("event_id", "event_type", "occurred_at", "client_at", "anonymous_id", "sku_id", "buyer_id")
    assert by_id(rows, kept) == by_id([{"sku_id": None, **event} for event in events], kept)
    assert found["sessions"] == sessions_oracle.expected(events, settings)
    assert found["identities"] == identities_of(events, settings)
    for day in found["session_events"].values():
        for _, session in groupby(day, key=lambda row: row["session_id"]):
            stretch = list(session)
            assert stretch == sorted(stretch, key=oracle.in_order)
        assert len({row["session_id"] for row in day}) == len(list(groupby(day, key=lambda row: row["session_id"])))


def identities_of(events: list[Row], settings: Settings) -> Days:
    days: Days = {event["event_date"]: [] for event in events}
    for day, device in sorted({(e["event_date"], e["anonymous_id"]) for e in events if e["anonymous_id"]}):
        days[day].append(oracle.identity(events, device, day, settings))
    return days


def by_id(rows: list[Row], columns: tuple[str, ...]) -> list[Row]:
    return sorted(({name: row[name] for name in columns} for row in rows), key=lambda row: str(row["event_id"]))


@FEW
@given(visits(), chosen)
def test_every_day_equals_the_oracle(events: list[Row], settings: Settings) -> None:
    check(events, settings)


@pytest.mark.ci
@hypothesis_settings(max_examples=3 * hypothesis_settings().max_examples)
@given(visits(max_size=30), chosen)
def test_every_day_of_longer_histories_equals_the_oracle(events: list[Row], settings: Settings) -> None:
    check(events, settings)


@FEWER
@given(visits((-29, -28, 0, 1)))
def test_a_device_is_remembered_for_thirty_days(events: list[Row]) -> None:
    check(events, DEFAULTS)


@FEWER
@given(visits().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = both
    assert built(one, DEFAULTS) == built(other, DEFAULTS)


@FEWER
@given(visits().flatmap(st.permutations), st.lists(st.integers(2, 7), min_size=7, max_size=7), chosen)
def test_days_rebuilt_as_events_arrive_equal_a_full_rebuild(
    arriving: list[Row], batch_sizes: list[int], settings: Settings
) -> None:
    """Whatever arrives late: only the days whose declared inputs changed are computed again."""
    published: dict[str, Days] = defaultdict(dict)
    arrived: list[Row] = []
    for size in batch_sizes:
        batch, arriving = arriving[:size], arriving[size:]
        if batch:
            arrived = arrived + batch
            rebuild(arrived, published, settings)
    published.pop("events", None)
    assert published == (built(arrived, settings) if arrived else {})


def rebuild(arrived: list[Row], published: dict[str, Days], settings: Settings) -> None:
    """As the engine does it: the days whose window holds a day that changed, then what depends on them."""
    tables = {"events": table_of("events", arrived)}
    days = by_day(arrived)
    changed = {"events": {day for day in days if published["events"].get(day) != days[day]}}
    published["events"] = days
    for job in chain(settings):
        before = dict(published[job.table])
        for day in touched(job, changed) & set(days):
            published[job.table][day] = computed(job, tables, day)
        changed[job.table] = {day for day, rows in published[job.table].items() if before.get(day) != rows}
        tables[job.table] = as_table(job.table, published[job.table])


def touched(job: Job, changed: Mapping[str, set[date]]) -> set[date]:
    return {
        day + timedelta(offset)
        for read in job.inputs
        for day in changed[read.table]
        for offset in range(-read.look_ahead_days, read.look_back_days + 1)
    }


def by_day(events: list[Row]) -> Days:
    days: Days = {}
    for event in events:
        days[event["event_date"]] = [*days.get(event["event_date"], []), event]
    return days


def test_durations_are_the_nearest_float() -> None:
    """A constant divisor must not become a multiplication by its reciprocal."""
    start, wait = datetime(2026, 11, 20, 1, tzinfo=UTC), timedelta(microseconds=1_200_000_001)
    first = {**EVENT, "event_id": "e1", "occurred_at": start, "client_at": start}
    last = {**EVENT, "event_id": "e2", "occurred_at": start + wait, "client_at": start + wait}
    check([first, last], DEFAULTS)
