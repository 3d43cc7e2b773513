"""The steps between a column's value and a field: trimming, numbers, value maps, lists.

Each step is a pure function of one value. None means no value and ends the chain, so does a refusal.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from pipelines.imports.mapping import Expression
from pipelines.imports.values import Refusal, Value, as_decimal, as_text, shorten

Step = Callable[[Value], Value]


def chain(steps: list[Step]) -> Step:
    """All steps as one."""
    if len(steps) == 1:
        return steps[0]

    def apply(value: Value) -> Value:
        for step in steps:
            if value is None or value.__class__ is Refusal:
                return value
            value = step(value)
        return value

    return apply


def steps_of(expression: Expression, name: str) -> list[Step]:
    """The steps an expression asks for, in the order its fields are declared. `name` is the field's, for refusals."""
    said: list[tuple[object, Step]] = [
        (expression.strip, lambda value: (value.strip() or None) if isinstance(value, str) else value),
        (expression.null, lambda value: None if as_text(value) in (expression.null or ()) else value),
        (expression.strip_prefix, lambda value: as_text(value).removeprefix(expression.strip_prefix or "") or None),
        (expression.strip_suffix, lambda value: as_text(value).removesuffix(expression.strip_suffix or "") or None),
        (expression.thousands, lambda value: as_text(value).replace(expression.thousands or "", "")),
        (expression.decimal_mark, lambda value: as_text(value).replace(expression.decimal_mark or "", ".")),
        (expression.integer, lambda value: _as_integer(value, name)),
        (expression.negate, lambda value: _calculate(value, name, lambda number: 0 - number)),
        (
            expression.round is not None,
            lambda value: _calculate(value, name, lambda number: _round(number, expression.round or 0)),
        ),
        (expression.upper, lambda value: as_text(value).upper()),
        (expression.lower, lambda value: as_text(value).lower()),
        (expression.map is not None, lambda value: _look_up(value, expression, name)),
        (expression.split, lambda value: _split(value, expression.split or "")),
    ]
    return [step for is_said, step in said if is_said]


def _as_integer(value: Value, name: str) -> Value:
    """`17850.0` as `17850`: a number kept as a float by the program that wrote the file."""
    number = as_decimal(value)
    if number is None or number != number.to_integral_value():
        return Refusal(f"{name}: {shorten(value)} is not a whole number")
    return str(int(number)) if isinstance(value, str) else int(number)


def _calculate(value: Value, name: str, function: Callable[[Decimal], Decimal]) -> Value:
    number = as_decimal(value)
    if number is None:
        return Refusal(f"{name}: {shorten(value)} is not a number")
    try:
        result = function(number)
    except InvalidOperation:
        return Refusal(f"{name}: {shorten(value)} is out of range")
    return format(result, "f") if isinstance(value, str) else result


def _round(number: Decimal, places: int) -> Decimal:
    """Half away from zero, as a bookkeeper rounds."""
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _look_up(value: Value, expression: Expression, name: str) -> Value:
    text = as_text(value)
    assert expression.map is not None
    if text in expression.map:
        return expression.map[text]
    match expression.map_else:
        case "keep":
            return value
        case "null":
            return None
    return Refusal(f"{name}: {shorten(text)} is not in its map")


def _split(value: Value, separator: str) -> Value:
    """The parts without the blanks around them; empty parts are left out."""
    if isinstance(value, list):
        return value
    return [part.strip() for part in as_text(value).split(separator) if part.strip()] or None
