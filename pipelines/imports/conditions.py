"""Conditions of a mapping, compiled to functions over the columns of a batch."""

import re
from collections.abc import Callable

from pipelines.imports.mapping import Condition, Constant
from pipelines.imports.readers.batch import Batch
from pipelines.imports.values import Value, as_decimal, as_text, each
from schemas.errors import UsageError

Mask = list[bool]
Test = Callable[[Batch], Mask]
Predicate = Callable[[Value], bool]


def compile_condition(condition: Condition, where: str, columns: set[str]) -> Test:
    """A function from a batch to whether each row fits; adds the columns it looks at to `columns`.

    `where` is the place in the mapping, for the message when the condition makes no sense.
    """
    tests = []
    predicates = _predicates(condition, where)
    if condition.column is not None:
        if not predicates:
            raise UsageError(f"{where}: says nothing of column {condition.column!r}; add is, one_of, empty or the like")
        columns.add(condition.column)
        tests.append(_column_test(condition.column, predicates))
    elif predicates:
        raise UsageError(f"{where}: names no column to test")
    if condition.all_ is not None:
        tests.append(_every([compile_condition(part, f"{where}.all", columns) for part in condition.all_]))
    if condition.any_ is not None:
        tests.append(_some([compile_condition(part, f"{where}.any", columns) for part in condition.any_]))
    if condition.not_ is not None:
        inner = compile_condition(condition.not_, f"{where}.not", columns)
        tests.append(lambda batch: [not fits for fits in inner(batch)])
    if not tests:
        raise UsageError(f"{where}: is empty; give column and a test, or all, any, not")
    return tests[0] if len(tests) == 1 else _every(tests)


def _column_test(column: str, predicates: list[Predicate]) -> Test:
    def fits(value: Value) -> bool:
        return all(predicate(value) for predicate in predicates)

    of_missing = fits(None)
    of_values = each(fits)
    return lambda batch: [
        of_missing if fit is None else fit for fit in of_values(batch.column(column), batch.reader.is_text)
    ]


def _every(tests: list[Test]) -> Test:
    return lambda batch: [all(fits) for fits in zip(*(test(batch) for test in tests), strict=True)]


def _some(tests: list[Test]) -> Test:
    return lambda batch: [any(fits) for fits in zip(*(test(batch) for test in tests), strict=True)]


def _predicates(condition: Condition, where: str) -> list[Predicate]:
    """What the condition says of its column, each as a function of one value; None is a missing value."""
    found: list[Predicate] = []
    if condition.is_ is not None:
        found.append(_is_one_of([condition.is_]))
    if condition.one_of is not None:
        found.append(_is_one_of(condition.one_of))
    if condition.is_not is not None:
        found.append(_negate(_is_one_of([condition.is_not])))
    if condition.none_of is not None:
        found.append(_negate(_is_one_of(condition.none_of)))
    for wanted, method in (
        (condition.starts_with, str.startswith),
        (condition.ends_with, str.endswith),
        (condition.contains, str.__contains__),
    ):
        if wanted is not None:
            found.append(_any_text([wanted] if isinstance(wanted, str) else wanted, method))
    if condition.matches is not None:
        found.append(_matches(condition.matches, where))
    for limit, holds in (
        (condition.above, lambda number, bound: number > bound),
        (condition.at_least, lambda number, bound: number >= bound),
        (condition.below, lambda number, bound: number < bound),
        (condition.at_most, lambda number, bound: number <= bound),
    ):
        if limit is not None:
            found.append(_compares(limit, holds))
    if condition.empty is not None:
        is_wanted = condition.empty
        found.append(lambda value: (value is None) is is_wanted)
    return found


def _is_one_of(wanted: list[Constant]) -> Predicate:
    """Numbers of the mapping compare as numbers (`5` is `5.0`), texts as they stand."""
    texts = {as_text(constant) for constant in wanted if isinstance(constant, str | bool)}
    numbers = {as_decimal(constant) for constant in wanted if not isinstance(constant, str | bool)}

    def fits(value: Value) -> bool:
        if value is None:
            return False
        return as_text(value) in texts or (bool(numbers) and as_decimal(value) in numbers)

    return fits


def _negate(predicate: Predicate) -> Predicate:
    return lambda value: not predicate(value)


def _any_text(wanted: list[str], method: Callable[[str, str], bool]) -> Predicate:
    return lambda value: value is not None and any(method(as_text(value), text) for text in wanted)


def _matches(pattern: str, where: str) -> Predicate:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{where}: matches = {pattern!r} is no regular expression ({error})") from error
    return lambda value: value is not None and compiled.search(as_text(value)) is not None


def _compares(limit: float, holds: Callable[[object, object], bool]) -> Predicate:
    bound = as_decimal(limit)

    def fits(value: Value) -> bool:
        number = None if value is None else as_decimal(value)
        return number is not None and holds(number, bound)

    return fits
