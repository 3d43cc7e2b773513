"""Draws crowded visits of people who search: few devices, few words, instants at the edges of every rule."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from tests.jobs.draw import DAY, ZONE, Row, business_day, instants, named, some

# An example costs some 50 ms here: shares of the examples that the profile asks for, and all of them in CI.
QUARTER = settings(max_examples=settings().max_examples // 4)
SPARSE = settings(max_examples=settings().max_examples // 20)

MIDNIGHT = datetime(DAY.year, DAY.month, DAY.day, tzinfo=ZONE)
# Around both midnights of the day and in its middle, where nothing else is near.
STARTS = tuple(timedelta(hours=hours, seconds=seconds) for hours, seconds in ((0, -40), (0, 0), (10, 0), (24, -40)))
# Steps from one event to the next: the same instant, both sides of 30 seconds, of 5 and of 30 minutes.
STEPS = tuple(
    timedelta(seconds=seconds, microseconds=microseconds)
    for seconds, microseconds in (
        *((0, 0), (0, 1), (10, 0), (30, 0), (30, 1)),
        *((300, 0), (300, 1), (1800, 0), (1800, 1)),
    )
)
# One word in many forms, its beginnings, and another; spaces alone.
QUERIES = ("a", "Am", "ａｍｏ", "amo ", "amo 膠", "AMO　胶", "amo 胶 囊", "頭孢", "头孢", "b", " ")

actors = st.sampled_from(
    [
        {"customer_id": "C1", "anonymous_id": "D1"},
        {"customer_id": "C1", "anonymous_id": "D1", "is_stitched": True},
        {"customer_id": "C1", "anonymous_id": "C1"},
        {"customer_id": "C1", "anonymous_id": None},
        {"customer_id": None, "anonymous_id": "D1"},
        {"customer_id": "D1", "anonymous_id": None},
    ]
)

TYPES: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "search": {"query": st.sampled_from(QUERIES), "search_id": some("q1", None, None, "e03")},
    "search_result": {
        "query": some(*QUERIES),
        "result_count": st.sampled_from([0, 1, 3, 4]),
        "search_id": some("q1", None, None, "e03"),
        "page": some(0, 1, 2, None),
    },
    "click": {
        "sku_id": st.sampled_from("pq"),
        "search_id": some("q1", None, None, "e03"),
        "position": some(0, 1, 7),
    },
    "favorite": {
        "sku_id": st.sampled_from("pq"),
        "search_id": some("q1", None, None),
        "action": some("add", "remove"),
    },
    "view": {"sku_id": st.sampled_from("pq")},
}


def event(kind: str) -> st.SearchStrategy[Row]:
    """An event of the kind without its instant: how long after the one before, and who did it."""
    return st.builds(
        lambda own, actor, step, clock, session: {
            **own,
            **actor,
            "event_type": kind,
            "session_id": session,
            "channel": "app" if session == "v2" else "web",
            "step": step,
            "clock": clock,
        },
        st.fixed_dictionaries(TYPES[kind]),
        actors,
        st.sampled_from(STEPS),
        st.sampled_from([timedelta(0), timedelta(0), timedelta(seconds=-1)]),
        st.sampled_from(["v1", "v1", "v2"]),
    )


def placed(steps: list[Row], start: timedelta) -> list[Row]:
    """The events one after the other."""
    rows, at = [], MIDNIGHT + start
    for step in steps:
        row = dict(step)
        at += row.pop("step")
        clock = row.pop("clock")
        rows.append(
            {
                "is_stitched": False,
                **row,
                "occurred_at": at,
                "client_at": at + clock,
                "event_date": business_day(at),
                "session_date": business_day(at),
            }
        )
    return rows


@st.composite
def session_events(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(TYPES), max_size: int = 12) -> list[Row]:
    """Events of one stretch of time, or of two."""
    acts = st.lists(st.sampled_from((*kinds, "search")).flatmap(event), max_size=max_size)
    one = placed(draw(acts), draw(st.sampled_from(STARTS)))
    other = placed(draw(st.lists(st.sampled_from(kinds).flatmap(event), max_size=3)), draw(st.sampled_from(STARTS)))
    rows = one + other
    order = draw(st.permutations(range(len(rows))))
    return named(rows, order)


@st.composite
def credited_lines(draw: st.DrawFn) -> list[Row]:
    """Order lines credited to searches of the events above, and the days on which search q1 is used again."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "event_date": st.sampled_from([-1, 0, 1, 3, 7, 8]).map(lambda days: DAY + timedelta(days)),
                    "search_id": some("q1", "q1", "e00", "e01", "e02", "e03", "e04"),
                    "search_attribution": st.sampled_from(["exact", "windowed"]),
                    "is_sale": st.sampled_from([True, True, False]),
                    "amount": st.sampled_from(["19.9", "0.0001", "-3", "100000000000000000.0001"]),
                    "currency": some("CNY", "CNY", "USD"),
                    "ordered_at": instants((0, 1)),
                    "paid_at": st.none() | instants((0, 1)),
                }
            ),
            max_size=8,
        )
    )
    return [{**row, "order_id": "O1", "line_number": number} for number, row in enumerate(rows)]


def used_again() -> st.SearchStrategy[list[Row]]:
    """Searches of later days that bear the name q1 again."""
    days = st.lists(st.sampled_from([2, 3, 7, 8]).map(lambda number: DAY + timedelta(number)), max_size=2, unique=True)
    return days.map(lambda some_days: [request("q1", MIDNIGHT + (day - DAY), event_date=day) for day in some_days])


def request(search_id: str, at: datetime, **given: object) -> Row:
    """A search of one event."""
    instants_of_it = {"started_at": at, "searched_at": at, "last_searched_at": at, "event_date": business_day(at)}
    words = {"query_raw": "a", "query": "a", "event_count": 1, "is_derived": False, "is_stitched": False}
    return {"search_id": search_id, "session_id": "v1", **instants_of_it, **words, **given}
