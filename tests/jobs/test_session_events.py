"""Sessions and customers of events, computed day by day, are those one sees who looks at all events at once."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs import device_customers, identities, session_events, visit_parts
from jobs.engine.declaration import Job
from schemas.tables import declared_tables
from tests.jobs.draw import COSTLY, Row
from tests.jobs.draw_visits import visits
from tests.jobs.rows import computed, table_of
from tests.oracles import session_events as oracle

CHAIN = (visit_parts.JOB, device_customers.JOB, identities.JOB, session_events.JOB)
Days = dict[date, list[Row]]


def built(events: list[Row], chain: tuple[Job, ...] = CHAIN) -> dict[str, Days]:
    """Every table of the chain, every day computed by itself from the days its inputs declare."""
    tables: dict[str, pa.Table] = {"events": table_of("events", events)}
    found: dict[str, Days] = {}
    for job in chain:
        found[job.table] = {day: computed(job, tables, day) for day in sorted({row["event_date"] for row in events})}
        tables[job.table] = as_table(job.table, found[job.table])
    return found


def as_table(name: str, days: Days) -> pa.Table:
    partition = declared_tables()[name].partition
    return table_of(name, [{**row, partition: day} for day, rows in days.items() for row in rows])


@given(visits())
def test_equals_the_oracle(events: list[Row]) -> None:
    rows = [{**row, "event_date": day} for day, rows in built(events)["session_events"].items() for row in rows]
    columns = ("event_id", "session_id", "session_date", "customer_id", "is_stitched", "event_date")
    expected = oracle.resolved(events)
    assert by_id(rows, columns) == by_id(expected, columns)
    kept = ("event_id", "event_type", "occurred_at", "client_at", "anonymous_id", "sku_id", "buyer_id")
    assert by_id(rows, kept) == by_id([{"sku_id": None, **event} for event in events], kept)


def by_id(rows: list[Row], columns: tuple[str, ...]) -> list[Row]:
    return sorted(({name: row[name] for name in columns} for row in rows), key=lambda row: str(row["event_id"]))


@given(visits((-29, -1, 0, 1)))
def test_identities_equal_the_oracle(events: list[Row]) -> None:
    expected = {
        day: [
            oracle.identity(events, device, day)
            for device in sorted({e["anonymous_id"] for e in events if e["event_date"] == day and e["anonymous_id"]})
        ]
        for day in {event["event_date"] for event in events}
    }
    assert built(events, CHAIN[1:3])["identities"] == expected


@COSTLY
@given(visits().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_never_shows(both: tuple[list[Row], list[Row]]) -> None:
    one, other = both
    assert built(one) == built(other)


@COSTLY
@given(visits())
def test_rows_stand_by_session_and_time(events: list[Row]) -> None:
    for rows in built(events)["session_events"].values():
        places = [(row["session_id"], row["occurred_at"], row["event_id"]) for row in rows]
        assert places == sorted(places)


@COSTLY
@given(visits().flatmap(st.permutations), st.lists(st.integers(1, 5), min_size=14, max_size=14))
def test_days_rebuilt_as_events_arrive_equal_a_full_rebuild(arriving: list[Row], batch_sizes: list[int]) -> None:
    """Whatever arrives late: only the days whose declared inputs changed are computed again."""
    arrived: list[Row] = []
    published: dict[str, Days] = defaultdict(dict)
    for size in batch_sizes:
        batch, arriving = arriving[:size], arriving[size:]
        arrived += batch
        rebuild(arrived, published)
    published.pop("events", None)
    assert published == (built(arrived) if arrived else {})


def rebuild(arrived: list[Row], published: dict[str, Days]) -> None:
    """As the engine does it: compute the days whose window holds a day that changed, then what depends on them."""
    now: dict[str, Days] = {"events": by_day(arrived)}
    tables: dict[str, pa.Table] = {"events": table_of("events", arrived)}
    before = published.pop("events", {})
    changed = {"events": {day for day in now["events"] if before.get(day) != now["events"][day]}}
    for job in CHAIN if arrived else ():
        days = published[job.table]
        old: Mapping[date, Any] = dict(days)
        for day in sorted(touched(job, changed) & set(now["events"])):
            days[day] = computed(job, tables, day)
        changed[job.table] = {day for day in days if old.get(day) != days[day]}
        tables[job.table] = as_table(job.table, days)
    if arrived:
        published["events"] = now["events"]


def touched(job: Job, changed: Mapping[str, set[date]]) -> set[date]:
    return {
        day + timedelta(offset)
        for read in job.inputs
        for day in changed[read.table]
        for offset in range(-read.look_ahead_days, read.look_back_days + 1)
    }


def by_day(events: list[Row]) -> Days:
    days: Days = defaultdict(list)
    for event in events:
        days[event["event_date"]].append(event)
    return dict(days)
