"""Money is the number that its text says, or none at all."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.decoding.money import read_money

digits = st.text("0123456789", min_size=1, max_size=25)
whole = digits.map(lambda text: text.lstrip("0") or "0")
numbers = st.builds(
    lambda sign, whole, fraction, exponent: sign + whole + fraction + exponent,
    st.sampled_from(["", "-"]),
    whole,
    st.just("") | digits.map(lambda text: "." + text) | st.integers(0, 30).map(lambda count: "." + "0" * count + "1"),
    st.just("") | st.integers(-40, 40).map(lambda exponent: f"e{exponent:+d}") | st.sampled_from(["E2", "e-003"]),
)


@given(numbers)
def test_money_is_exact_or_refused(text: str) -> None:
    with localcontext() as context:
        context.prec = 200
        number = Decimal(text)
        fits = abs(number) < 10**14 and number == number.quantize(Decimal("0.0001"))
    assert read_money(text) == (number if fits else None)


@pytest.mark.parametrize("exponent", ["99999999999999999999", "-99999999999999999999", "10000000", "-10000000"])
def test_an_exponent_of_any_length_is_read(exponent: str) -> None:
    assert read_money(f"1e{exponent}") is None
    assert read_money(f"0.000e{exponent}") == 0


def test_a_long_mantissa_is_brought_back_by_its_exponent() -> None:
    assert read_money("0." + "0" * 10**6 + "15e1000001") == Decimal("1.5")
    assert read_money("15" + "0" * 10**6 + "e-1000001") == Decimal("1.5")
