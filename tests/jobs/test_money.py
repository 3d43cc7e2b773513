"""Money stays exact in Polars to the last digit of what the contract admits."""

from decimal import Decimal, localcontext
from itertools import product

import polars as pl
import pytest
from polars._typing import EngineType

from schemas.events.contract import INT_MAX

PRICES = [Decimal(text) for text in ("99999999999999.9999", "-99999999999999.9999", "0.0001", "33333333333333.3333")]
QUANTITIES = [INT_MAX, -INT_MAX, 0, 7]


@pytest.mark.parametrize("engine", ["streaming", "in-memory"])
def test_amount_is_exact_at_the_extremes(engine: EngineType) -> None:
    rows = list(product(QUANTITIES, PRICES, PRICES))
    kinds = {"quantity": pl.Int64(), "unit_price": pl.Decimal(18, 4), "discount": pl.Decimal(18, 4)}
    amount = pl.col("quantity") * pl.col("unit_price") - pl.col("discount")
    found = pl.LazyFrame(rows, schema=kinds, orient="row").select(amount=amount).collect(engine=engine)
    assert found.schema == {"amount": pl.Decimal(38, 4)}
    with localcontext(prec=60):
        assert found["amount"].to_list() == [quantity * price - discount for quantity, price, discount in rows]


@pytest.mark.parametrize("engine", ["streaming", "in-memory"])
def test_sum_is_exact_where_a_float_is_not(engine: EngineType) -> None:
    largest = INT_MAX * PRICES[0]
    amounts = [largest, Decimal("0.0001"), -largest, Decimal("0.0002")] * 1000
    frame = pl.LazyFrame({"key": 1, "amount": amounts}, schema={"key": pl.Int64, "amount": pl.Decimal(38, 4)})
    found = frame.group_by("key").agg(pl.col("amount").sum()).collect(engine=engine)
    assert found["amount"].to_list() == [Decimal("0.3000")]
