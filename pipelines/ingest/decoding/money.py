"""Money from its text, exactly: never through a binary float."""

import re
from decimal import Decimal

from schemas.events.contract import MONEY_PRECISION, MONEY_SCALE

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")

_MAX_EXPONENT_DIGITS = 7  # a line of 1 MiB has fewer digits than 10^7, so no mantissa brings a larger one back


def read_money(text: str) -> Decimal | None:
    """The value of a JSON number with four decimals; None when it is too large or too precise for the column.

    Trailing zeros say nothing and are no precision: 1.50000 is 1.5, 15e-1 too.
    """
    matched = _NUMBER.fullmatch(text)
    assert matched, "the caller has proven that this is a JSON number"
    sign, whole, fraction, exponent = matched.group(1), matched.group(2), matched.group(3) or "", matched.group(4)
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return Decimal(0).scaleb(-MONEY_SCALE)
    power = (exponent or "0").lstrip("+-").lstrip("0")
    if len(power) > _MAX_EXPONENT_DIGITS:
        return None
    shift = int(power or "0") * (-1 if (exponent or "").startswith("-") else 1)
    shift += len(digits) - len(significant) - len(fraction)  # the value is significant * 10^shift
    if shift < -MONEY_SCALE or len(significant) + shift > MONEY_PRECISION - MONEY_SCALE:
        return None
    return Decimal(int(sign + significant) * 10 ** (shift + MONEY_SCALE)).scaleb(-MONEY_SCALE)
