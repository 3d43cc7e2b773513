"""Draws visits at the edges of what parts and joins them: half an hour, midnight, logins, shared devices."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.jobs.draw import DAY, ZONE, Row, business_day, named, some

MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
# From a midnight: pairs exactly half an hour apart, a microsecond more and less, on both sides of it and over it.
TIMES = (
    -60 * MINUTE - TICK,
    -30 * MINUTE - TICK,
    -30 * MINUTE,
    -10 * MINUTE,
    -TICK,
    timedelta(0),
    TICK,
    20 * MINUTE,
    30 * MINUTE,
    600 * MINUTE,
    615 * MINUTE,
)
TYPES = {
    "view": {"sku_id": st.sampled_from("pq")},
    "favorite": {"sku_id": st.sampled_from("pq"), "action": some("add", "remove")},
    "search": {"query": st.just("阿莫西林")},
    "click": {"sku_id": st.sampled_from("pq")},
    "order": {"order_id": st.sampled_from(["O1", "O2"]), "status": st.sampled_from(["placed", "placed", "paid"])},
}


@st.composite
def visits(draw: st.DrawFn, days_from_day: Sequence[int] = (-1, 0, 1, 2), max_size: int = 14) -> list[Row]:
    """Events of few devices and customers; some with sessions of the client's, some without a device."""
    actor = {
        "customer_id": some("C1", "C2", "C3", "C4", None, None, None),
        "anonymous_id": some("D1", "D1", "D1", "D2"),
        "session_id": some("v1", None, None, None),
        "buyer_id": some("B1"),
        "channel": st.sampled_from(["web", "app"]),
        "days": st.sampled_from(days_from_day),
        "time": st.sampled_from(TIMES),
        "clock": st.sampled_from([timedelta(0), TICK, -MINUTE]),
    }
    kinds = [st.fixed_dictionaries({"event_type": st.just(name), **own, **actor}) for name, own in TYPES.items()]
    rows = draw(st.lists(st.one_of(kinds), max_size=max_size))
    order = draw(st.permutations(range(len(rows))))
    return [placed_in_time(row) for row in named(rows, order)]


def placed_in_time(row: Row) -> Row:
    """The row with its instants instead of the parts they are drawn by, and somebody who did it."""
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=ZONE) + timedelta(row.pop("days"))
    at = (midnight + row.pop("time")).astimezone(UTC)
    client_at = at + row.pop("clock")
    device = row["anonymous_id"] or (None if row["customer_id"] else "D1")
    return {
        **row,
        "anonymous_id": device,
        "occurred_at": at,
        "client_at": client_at,
        "event_date": business_day(at),
    }
