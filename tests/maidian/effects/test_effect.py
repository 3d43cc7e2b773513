"""A measured campaign: each number equals SQL or plain least squares; who is compared with whom, and when it is refused."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from jobs.engine.audit import audit_partitions
from maidian.effects.effect import Asked, measure_effect
from maidian.effects.outcomes import Windows
from maidian.reading.views import connect
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from tests.maidian.effects.campaign_lake import (
    NEWEST,
    SENT,
    Order,
    act_rows,
    draw_rows,
    kept,
    log_rows,
    make_lake,
    order_rows,
    put,
)

COMPANIES = [f"C{number:03}" for number in range(240)]
HELD_OUT = COMPANIES[::5]
LISTED = [company for company in COMPANIES if company not in HELD_OUT]
WINDOWS = Windows(before_days=28, effect_days=14, after_days=14)
ASKED = Asked("autumn", None, None, None, WINDOWS, None)

Row = dict[str, Any]


def ask(**changes: Any) -> Asked:
    return Asked(**{**vars(ASKED), **changes})


@cache
def measured(lake: Lake, asked: Asked = ASKED) -> dict[tuple[str, str], Row]:
    return {(row["period"], row["metric"]): row for row in measure_effect(lake, asked, None)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """240 companies and what they ordered over 60 days, a fifth of them held out, and 100 companies in no list."""
    lake = make_lake(tmp_path_factory.mktemp("shop") / "lake")
    dice = np.random.default_rng(5)
    orders = []
    for company in [*COMPANIES, *(f"D{number:03}" for number in range(100))]:
        often = dice.gamma(1.5, 0.1)
        for day in range(-30, 30):
            rate = often * (1.5 if company in LISTED and 0 <= day < 14 else 1)
            for _ in range(dice.poisson(rate)):
                cents = dice.integers(100, 90_000, size=dice.integers(1, 4))
                orders.append(Order(company, day, tuple(f"{cent / 100:.2f}" for cent in cents), dice.random() > 0.1))
    put(lake, "order_lines", order_rows(orders))
    put(lake, "customer_sku_days", act_rows([*COMPANIES, *(f"D{number:03}" for number in range(100))]))
    put(lake, "holdouts", draw_rows({company: company in HELD_OUT for company in COMPANIES}))
    put(lake, "export_log", log_rows(LISTED, HELD_OUT))
    put(lake, "export_log", log_rows(LISTED, [], audience="winter", draw_id=None))
    return lake


@pytest.fixture(scope="module")
def tables(shop: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(shop) as connection:
        yield connection


def in_days(tables: duckdb.DuckDBPyConnection, companies: list[str], start: int, days: int) -> pd.DataFrame:
    """Orders and amounts of each company, by SQL that a person would write."""
    sql = """
        SELECT c AS customer_id, c IN (SELECT unnest(?)) AS treated,
            (SELECT count(DISTINCT order_id) FROM order_lines
                WHERE customer_id = c AND is_sale AND event_date BETWEEN ? AND ?) AS orders,
            (SELECT coalesce(sum(net_sales_amount), 0) FROM order_lines
                WHERE customer_id = c AND event_date BETWEEN ? AND ?)::DOUBLE AS amount
        FROM (SELECT unnest(?) AS c) ORDER BY c"""
    first, last = SENT + timedelta(start), SENT + timedelta(start + days - 1)
    found: pd.DataFrame = tables.execute(sql, [LISTED, first, last, first, last, companies]).df()
    return found.assign(treated=found.treated.astype(int))


def of(row: Row, *names: str) -> list[float]:
    return [row[name] for name in names]


EFFECT = ("effect", "effect_low", "effect_high", "p_value")


@pytest.mark.parametrize(("metric", "column"), [("order_count", "orders"), ("net_amount", "amount")])
@pytest.mark.parametrize(("period", "start", "days"), [("effect", 0, 14), ("after", 14, 14), ("total", 0, 28)])
def test_numbers_equal_sql_and_plain_least_squares(
    shop: Lake, tables: duckdb.DuckDBPyConnection, metric: str, column: str, period: str, start: int, days: int
) -> None:
    row = measured(shop)[period, metric]
    since, before = in_days(tables, COMPANIES, start, days), in_days(tables, COMPANIES, -28, 28)
    rows = pd.DataFrame({"y": since[column], "t": since.treated, "x": before[column]})
    fitted = smf.ols("y ~ t + x", rows).fit(cov_type="HC3", use_t=True)
    interval = fitted.conf_int().loc["t"]
    assert of(row, *EFFECT) == pytest.approx([fitted.params["t"], *interval, fitted.pvalues["t"]])
    means = rows.groupby("t").y.mean()
    assert of(row, "treated_mean", "control_mean", "difference") == pytest.approx(
        [means[1], means[0], means[1] - means[0]]
    )
    assert (row["treated_customer_count"], row["control_customer_count"]) == (len(LISTED), len(HELD_OUT))
    assert row["treated_order_count"] == since.orders[since.treated == 1].sum()
    assert float(row["control_net_amount"]) == pytest.approx(since.amount[since.treated == 0].sum())
    without = fitted.params["Intercept"] + fitted.params["x"] * rows.x.mean()
    assert row["lift_ratio"] == pytest.approx(fitted.params["t"] / without)
    assert (row["period_days"], row["method"], row["is_weaker"], row["currency"]) == (days, "holdout", False, "CNY")


def test_the_order_value_is_that_of_whole_sides(shop: Lake, tables: duckdb.DuckDBPyConnection) -> None:
    row = measured(shop)["effect", "order_value"]
    sides = in_days(tables, COMPANIES, 0, 14).groupby("treated")[["amount", "orders"]].sum()
    values = sides.amount / sides.orders
    assert of(row, "treated_mean", "control_mean") == pytest.approx([values[1], values[0]])


def test_the_draw_s_share_is_what_the_sides_are_held_against(shop: Lake) -> None:
    row = measured(shop)["effect", "order_count"]
    assert of(row, "expected_control_ratio", "control_ratio", "sample_ratio_p_value") == pytest.approx([0.2, 0.2, 1])
    assert row["has_sample_ratio_mismatch"] is False
    assert row["other_list_customer_count"] == len(LISTED)  # winter went out on the same day


@pytest.mark.parametrize(("metric", "column"), [("order_count", "orders"), ("net_amount", "amount")])
def test_without_a_holdout_changes_are_compared(
    shop: Lake, tables: duckdb.DuckDBPyConnection, metric: str, column: str
) -> None:
    row = measured(shop, ask(name="winter"))["effect", metric]
    others = [company for (company,) in tables.execute("SELECT DISTINCT customer_id FROM customer_sku_days").fetchall()]
    since, before, earlier, later = (
        in_days(tables, others, *span) for span in ((0, 14), (-28, 28), (-28, 14), (-14, 14))
    )
    change = pd.DataFrame({"y": since[column] - before[column] / 2, "t": since.treated})
    trend = pd.DataFrame({"y": later[column] - earlier[column], "t": since.treated})
    fitted, drift = (smf.ols("y ~ t", each).fit(cov_type="HC3", use_t=True) for each in (change, trend))
    assert of(row, *EFFECT) == pytest.approx([fitted.params["t"], *fitted.conf_int().loc["t"], fitted.pvalues["t"]])
    assert of(row, "pre_trend", "pre_trend_p_value") == pytest.approx([drift.params["t"], drift.pvalues["t"]])
    assert row["control_customer_count"] == len(others) - len(LISTED)
    assert (row["method"], row["is_weaker"], row["has_pre_trend"]) == ("difference_in_differences", True, False)
    assert row["sample_ratio_p_value"] is None


def test_sides_that_drifted_apart_before_are_told(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    growing, still = [f"G{number}" for number in range(30)], [f"S{number}" for number in range(30)]
    put(lake, "order_lines", order_rows(
        [Order(company, -1 - place % 3, ("10",)) for place, company in enumerate(growing)]
        + [Order(company, -20, ("10",)) for company in [*growing[:9], *still[:20]]]
        + [Order(company, 3, ("10",)) for company in [*growing, *still]]
    ))  # fmt: skip
    put(lake, "customer_sku_days", act_rows([*growing, *still]))
    asked = ask(name="spring", first_date=SENT, treated=frozenset(growing))
    row = measured(lake, asked)["effect", "order_count"]
    assert row["has_pre_trend"] is True
    assert (row["treated_customer_count"], row["control_customer_count"]) == (30, 30)


def test_what_counts_and_what_does_not(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    put(lake, "holdouts", draw_rows({"L1": False, "L2": False, "H1": True, "H2": True}))
    put(lake, "export_log", log_rows(["L1", "L2"], ["H1", "H2"]))
    put(lake, "order_lines", order_rows([
        Order("L1", 0, ("10", "5.5")),  # the day itself counts; two lines are one order
        Order("L1", 13, ("1",)),  # the last of the 14 days
        Order("L1", 14, ("100",)),  # after
        Order("L1", 27, ("7",)),  # the last day after
        Order("L1", 28, ("1000",)),  # beyond
        Order("L1", -1, ("3",)),  # before
        Order("L2", 5, ("50",), is_sale=False),  # cancelled
        Order("L2", 6, ("-4",), is_sale=False, net="-4"),  # a credit note takes from the amount, and is no order
        Order("H1", 2, ("20",)),
        Order("N1", 2, ("99",)),  # in no list
    ]))  # fmt: skip
    rows = measured(lake)
    totals = {
        period: [rows[period, "net_amount"][f"{side}_{what}"] for side in ("treated", "control") for what in ("order_count", "net_amount")]
        for period in ("effect", "after", "total")
    }  # fmt: skip
    assert totals == {
        "effect": [2, Decimal("12.5"), 1, Decimal(20)],
        "after": [2, Decimal(107), 0, Decimal(0)],
        "total": [4, Decimal("119.5"), 1, Decimal(20)],
    }
    assert rows["after", "order_value"]["effect"] is None  # the held-out ones have no order to divide by


def test_the_first_entry_decides_side_and_days(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    later = SENT + timedelta(2)
    put(lake, "holdouts", draw_rows({"L1": False, "L2": False, "H1": True, "H2": True}))
    put(lake, "export_log", log_rows(["L1"], ["H1"]))
    put(lake, "export_log", log_rows(["L1", "L2"], ["H1", "H2"], sent=later))
    put(
        lake,
        "order_lines",
        order_rows([Order(each, day, ("1",)) for each in ("L1", "L2", "H1") for day in (0, 14, 15)]),
    )
    with pytest.raises(UsageError, match="autumn went out on 2 days, 2026-10-01 to 2026-10-03; say which"):
        measured(lake)
    row = measured(lake, ask(first_date=SENT, last_date=later))["effect", "order_count"]
    assert (row["treated_order_count"], row["control_order_count"]) == (1 + 2, 1)  # L2's 14 days begin two days later
    assert (row["campaign_first_date"], row["campaign_last_date"]) == (SENT, later)
    with pytest.raises(UsageError, match="1 companies were in the list and 0 to compare with"):
        measured(lake, ask(first_date=SENT))


def test_a_share_that_no_lot_makes_is_told(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    put(lake, "holdouts", draw_rows({company: company in COMPANIES[:120] for company in COMPANIES}))
    put(lake, "export_log", log_rows(COMPANIES[120:], COMPANIES[:40]))
    row = measured(lake)["effect", "order_count"]
    assert row["has_sample_ratio_mismatch"] is True
    assert row["effect"] is None  # and nobody ordered anything


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "easter"}, r"no list 'easter' went out; lists in the log: autumn, winter\. See also --treated"),
        ({"first_date": date(2026, 9, 1)}, "no list 'autumn' went out in those days"),
        ({"as_of": NEWEST, "windows": Windows(28, 60, 0)}, "its 60 days end on 2026-11-29, and the tables are built up to 2026-11-20"),
        ({"as_of": SENT}, "on or before 2026-10-01; the oldest day there is"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_one_line(shop: Lake, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        measured(shop, ask(**changes))


def test_another_draw_within_a_campaign_is_refused(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    put(lake, "export_log", log_rows(LISTED, HELD_OUT))
    put(lake, "export_log", log_rows(LISTED, HELD_OUT, sent=SENT + timedelta(1), draw_id="d2"))
    with pytest.raises(UsageError, match="share or salt of the holdout changed between 2026-10-01 and 2026-10-02"):
        measured(lake, ask(first_date=SENT, last_date=SENT + timedelta(1)))


def test_days_after_that_are_not_there_yet_are_left_out(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", newest=SENT + timedelta(26))
    put(lake, "holdouts", draw_rows({company: company in HELD_OUT for company in COMPANIES}))
    put(lake, "export_log", log_rows(LISTED, HELD_OUT))
    assert {period for period, _ in measured(lake)} == {"effect"}


def test_rows_are_audited_and_kept_in_place_of_their_own_earlier_ones(shop: Lake) -> None:
    for asked in (ask(), ask(name="winter"), ask(windows=Windows(28, 7, 7))):
        measure_effect(shop, asked, audit_partitions)
    rows = kept(shop).to_pylist()
    assert len(rows) == 2 * 9
    assert {row["period_days"] for row in rows if row["campaign"] == "autumn"} == {7, 14}  # total: both weeks
    assert {row["as_of"] for row in rows} == {NEWEST.isoformat()}
    with connect(shop) as connection:
        sql = "SELECT effect > 0 FROM promotion_effects WHERE campaign = 'autumn' AND period = 'effect' AND metric = 'order_count'"
        assert connection.execute(sql).fetchall() == [(True,)]
