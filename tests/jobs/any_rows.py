"""Rows of any table, made up from its declaration: few names and few instants, so that rows meet and tie everywhere."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa

from tests.jobs.draw import DAY, TIMES, ZONE, Row

NULL_SHARE = 0.2


def any_rows(schema: pa.Schema, key: tuple[str, ...], days: list[date], random: Random, count: int) -> list[Row]:
    """At most `count` rows, no two with the same key."""
    rows = ({field.name: _value(field, days, random, number) for field in schema} for number in range(count))
    return list({tuple(str(row[name]) for name in key): row for row in rows}.values())


def _value(field: pa.Field, days: list[date], random: Random, number: int) -> Any:
    if field.nullable and random.random() < NULL_SHARE:
        return None
    if field.name.endswith("event_id"):  # one is never another's
        return f"e{number * 7919 % 1009:04}"
    return _of_type(field.name, field.type, days, random)


def _of_type(name: str, kind: pa.DataType, days: list[date], random: Random) -> Any:
    if pa.types.is_list(kind):
        return [_of_type(name, kind.value_type, days, random) for _ in range(random.randrange(3))]
    if pa.types.is_struct(kind):
        return {field.name: _of_type(field.name, field.type, days, random) for field in kind}
    made = next(make for is_kind, make in _MAKERS if is_kind(kind))
    return made(name, days, random)


def _text(name: str, _days: list[date], random: Random) -> str:
    words = _WORDS.get(name)
    return random.choice(words) if words else f"{name[0]}{random.randrange(4)}"


def _instant(_name: str, days: list[date], random: Random) -> datetime:
    day = random.choice(days)
    return datetime(day.year, day.month, day.day, tzinfo=ZONE) + random.choice(TIMES)


_Make = Callable[[str, list[date], Random], Any]
_MAKERS: tuple[tuple[Callable[[pa.DataType], bool], _Make], ...] = (
    (pa.types.is_string, _text),
    (pa.types.is_timestamp, _instant),
    (pa.types.is_date, lambda _name, days, random: random.choice(days)),
    (pa.types.is_boolean, lambda _name, _days, random: random.random() < 0.5),
    (pa.types.is_integer, lambda _name, _days, random: random.choice((0, 1, 1, 2, 7))),
    (pa.types.is_floating, lambda _name, _days, random: random.choice((0.0, 0.5, 2.0))),
    (pa.types.is_decimal, lambda _name, _days, random: Decimal(random.choice(("0", "-1.5", "2", "19.9")))),
)

_WORDS = {
    "event_type": ("view", "favorite", "search", "search_result", "click", "order"),
    "status": ("placed", "placed", "approved", "paid", "shipped", "returned", "cancelled"),
    "action": ("add", "remove"),
    "search_attribution": ("exact", "windowed"),
    "visit_key": ("s1", "d1", "d2", "c1"),
    "query": ("", "a", "ab", "阿莫西林"),
}


def days_around(back: int, ahead: int) -> list[date]:
    """DAY and a few of the days on either side of it that an input looks at."""
    offsets = {-back, -min(back, 1), 0, min(ahead, 1), ahead}
    return [DAY + timedelta(offset) for offset in sorted(offsets)]
