"""Where a customer stands, by its own rhythm of ordering."""

from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import customer_lifecycles
from schemas.settings import DEFAULTS, Settings
from tests.jobs.draw import COSTLY, DAY, Row, some
from tests.jobs.rows import computed, table_of
from tests.oracles.customer_lifecycles import expected

JOB = customer_lifecycles.declare(DEFAULTS)

# Both ends of the window and a day past each; rhythms of days and of weeks.
DAYS = (1, 0, -1, -7, -8, -10, -11, -17, -18, -28, -29, -60, -179, -180)

orders = st.lists(
    st.fixed_dictionaries(
        {
            "event_date": st.sampled_from(DAYS).map(lambda number: DAY + timedelta(number)),
            "customer_id": some("C1", "C1", "C2", "C3"),
            "is_sale": st.sampled_from([True, True, True, False]),
            "amount": st.sampled_from([Decimal(text) for text in ("100", "100", "0.0001", "-20", "0")]),
        }
    ),
    max_size=12,
)


def tables_of(rows: list[Row]) -> dict[str, pa.Table]:
    return {"orders": table_of("orders", [{"order_id": f"O{number}", **row} for number, row in enumerate(rows)])}


@COSTLY
@given(orders)
def test_equals_the_oracle(rows: list[Row]) -> None:
    assert computed(JOB, tables_of(rows), DAY) == expected(tables_of(rows), DAY)


@pytest.mark.ci
@given(orders)
def test_equals_the_oracle_many_times(rows: list[Row]) -> None:
    assert computed(JOB, tables_of(rows), DAY) == expected(tables_of(rows), DAY)


@COSTLY
@given(orders, st.integers(1, 200))
def test_the_window_is_a_setting(rows: list[Row], window_days: int) -> None:
    job = customer_lifecycles.declare(Settings(order_window_days=window_days))
    assert computed(job, tables_of(rows), DAY) == expected(tables_of(rows), DAY, window_days)


@COSTLY
@given(orders, st.data())
def test_order_of_rows_never_shows(rows: list[Row], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert computed(JOB, tables_of(shuffled), DAY) == computed(JOB, tables_of(rows), DAY)


def stage_of(*days_ago: int, others: tuple[tuple[int, ...], ...] = ()) -> str:
    """The lifecycle of a customer who ordered so many days ago, in a shop with such others."""
    orders = [
        {
            "event_date": DAY - timedelta(ago),
            "order_id": f"{name}-{ago}",
            "customer_id": name,
            "amount": 1,
            "is_sale": True,
        }
        for name, all_days in (("C1", days_ago), *((f"X{number}", one) for number, one in enumerate(others)))
        for ago in all_days
    ]
    (first, *_) = computed(JOB, {"orders": table_of("orders", orders)}, DAY)
    stage: str = first["lifecycle"]
    return stage


@pytest.mark.parametrize(
    ("days_ago", "stage"),
    [
        ((0, 10, 20), "active"),
        ((15, 25, 35), "active"),
        ((16, 26, 36), "slowing"),
        ((25, 35, 45), "slowing"),
        ((26, 36, 46), "dormant"),
        ((40, 50, 60), "dormant"),
        ((41, 51, 61), "lost"),
        ((16, 66, 116), "active"),  # late for one who orders every ten days, not for one who orders every fifty
        ((10, 11, 12, 13), "active"),  # who orders daily is not late over a weekend: a rhythm is a week at least
        ((11, 12, 13, 14), "slowing"),
        ((0,), "new"),
        ((45, 46), "new"),  # no rhythm of its own: 30 days
        ((46,), "slowing"),
        ((121,), "lost"),
    ],
)
def test_each_stands_by_its_own_rhythm(days_ago: tuple[int, ...], stage: str) -> None:
    assert stage_of(*days_ago) == stage


def test_who_has_no_rhythm_yet_is_held_to_that_of_the_shop() -> None:
    assert stage_of(46, others=((0, 60, 120),)) == "new"
    assert stage_of(16, others=((0, 10, 20), (0, 10, 20), (0, 60, 120))) == "slowing"
