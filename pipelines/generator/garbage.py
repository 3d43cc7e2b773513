"""Lines the ingest must refuse: every reject kind of the contract, each in several shapes.

A fault takes a good event (as a dictionary) and gives the bytes of a bad line, of exactly one kind by the contract's
precedence. `field` is the field the reject must name, where the kind has one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

Event = dict[str, Any]

OVERSIZE_BYTES = (1 << 20) + 1
"""One byte over the limit of a line."""
OVERSIZE_MOST = 2
"""Lines of this kind in a whole generation: a megabyte each."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way for a line to be bad."""

    kind: str
    field: str | None
    event_type: str
    spoil: Callable[[Event], bytes]


def _dump(event: Event) -> bytes:
    return msgspec.json.encode(event)


def _raw(before: str, after: str) -> Callable[[Event], bytes]:
    """Put text into the finished line that `json` itself would never write."""

    def spoil(event: Event) -> bytes:
        line = _dump(event)
        spoiled = line.replace(before.encode(), after.encode("utf-8", "surrogatepass"), 1)
        assert spoiled != line, f"{before} does not stand in {line!r}"
        return spoiled

    return spoil


def _with(**changes: Any) -> Callable[[Event], bytes]:
    return lambda event: _dump({**event, **changes})


def _without(*names: str) -> Callable[[Event], bytes]:
    return lambda event: _dump({name: value for name, value in event.items() if name not in names})


def _with_line(**changes: Any) -> Callable[[Event], bytes]:
    """Change the first line of an order."""
    return lambda event: _dump({**event, "lines": [{**event["lines"][0], **changes}, *event["lines"][1:]]})


def _without_in_line(name: str) -> Callable[[Event], bytes]:
    def spoil(event: Event) -> bytes:
        first = {key: value for key, value in event["lines"][0].items() if key != name}
        return _dump({**event, "lines": [first, *event["lines"][1:]]})

    return spoil


def _oversize(event: Event) -> bytes:
    line = _dump({**event, "properties": {"dump": ""}})
    return line.replace(b'"dump":"', b'"dump":"' + b"x" * (OVERSIZE_BYTES - len(line)), 1)


def _with_time(name: str, change: Callable[[str], str]) -> Callable[[Event], bytes]:
    return lambda event: _dump({**event, name: change(event[name])})


def _moved(by: timedelta) -> Callable[[Event], bytes]:
    """Move the event in time, but not the request it came with."""

    def move(at: str) -> str:
        return (datetime.fromisoformat(at) + by).isoformat(timespec="milliseconds")

    return _with_time("occurred_at", move)


def _fault(kind: str, event_type: str, spoil: Callable[[Event], bytes], field: str | None = None) -> Fault:
    return Fault(kind, field, event_type, spoil)


def _constant(line: bytes) -> Callable[[Event], bytes]:
    return lambda _event: line


# Event times of garbage look like 2026-11-20T10:11:12.345+08:00 and lie on a whole day of the calendar.
FAULTS: tuple[Fault, ...] = (
    _fault("empty", "view", _constant(b"")),
    _fault("empty", "view", _constant(b" \t  ")),
    _fault("bom", "view", lambda event: b"\xef\xbb\xbf" + _dump(event)),
    _fault("invalid_utf8", "search", _raw('"query":"', '"query":"\udcff')),
    _fault("invalid_utf8", "search", lambda event: _dump(event).replace("阿".encode(), b"\xe9\x98", 1)),
    _fault("invalid_utf8", "search", lambda event: json.dumps(event, ensure_ascii=False).encode("gb18030")),
    _fault("malformed_json", "view", lambda event: _dump(event)[:-20]),
    _fault("malformed_json", "view", _raw("}", ",}")),
    _fault("malformed_json", "view", lambda event: _dump(event).replace(b'"', b"'")),
    _fault("malformed_json", "view", _raw('"price":12.5', '"price":NaN')),
    _fault("malformed_json", "view", _raw('"price":12.5', '"price":012.5')),
    _fault("malformed_json", "view", lambda event: _dump(event) * 2),
    _fault("malformed_json", "search", _raw("阿莫", "阿\t莫")),
    _fault("malformed_json", "view", _constant(b"<html><body>502 Bad Gateway</body></html>")),
    _fault("duplicate_key", "view", _raw("}", ',"sku_id":"YP1"}')),
    _fault("duplicate_key", "view", _raw("}", ',"properties":{"a":1,"b":{"c":1,"c":1}}}')),
    _fault("duplicate_key", "view", _raw("}", ',"properties":{"page":1,"p\\u0061ge":2}}')),
    _fault("not_an_object", "view", lambda event: b"[" + _dump(event) + b"]"),
    _fault("not_an_object", "view", _constant(b"null")),
    _fault("not_an_object", "view", _constant('"浏览"'.encode())),
    _fault("lone_surrogate", "search", _raw("阿莫", "\\ud83d莫")),
    _fault("lone_surrogate", "search", _raw("}", ',"properties":{"\\udc00":1}}')),
    _fault("unknown_event_type", "view", _with(event_type="add_to_cart"), "event_type"),
    _fault("unknown_event_type", "view", _with(event_type="View"), "event_type"),
    _fault("missing_field", "view", _without("event_type"), "event_type"),
    _fault("missing_field", "view", _without("event_id"), "event_id"),
    _fault("missing_field", "view", _without("sku_id"), "sku_id"),
    _fault("missing_field", "view", _with(occurred_at=None), "occurred_at"),
    _fault("missing_field", "view", _without("customer_id", "anonymous_id"), "customer_id"),
    _fault("missing_field", "search", _with(query=None), "query"),
    _fault("missing_field", "search_result", _without("query"), "search_id"),
    _fault("missing_field", "order", _without("lines"), "lines"),
    _fault("missing_field", "order", _without_in_line("unit_price"), "lines"),
    _fault("wrong_type", "view", _with(sku_id=100234), "sku_id"),
    _fault("wrong_type", "view", _with(price=True), "price"),
    _fault("wrong_type", "view", _with(price="12,50"), "price"),
    _fault("wrong_type", "view", _with(dwell_seconds="3.5"), "dwell_seconds"),
    _fault("wrong_type", "view", _with(properties=["a"]), "properties"),
    _fault("wrong_type", "search_result", _with(result_count="12"), "result_count"),
    _fault("wrong_type", "search_result", _with(result_count=1.5), "result_count"),
    _fault("wrong_type", "click", _with(position="3"), "position"),
    _fault("wrong_type", "order", _with_line(quantity="2"), "lines"),
    _fault("wrong_type", "order", _with_line(quantity=2.5), "lines"),
    _fault("out_of_range", "view", _with(event_id="x" * 65), "event_id"),
    _fault("out_of_range", "view", _with(event_id=""), "event_id"),
    _fault("out_of_range", "view", _with(price=1.23456), "price"),
    _fault("out_of_range", "view", _with(price=10**14), "price"),
    _fault("out_of_range", "view", _with(sku_id=""), "sku_id"),
    _fault("out_of_range", "view", _with(customer_id="C" * 257), "customer_id"),
    _fault("out_of_range", "view", _with(dwell_seconds=-0.5), "dwell_seconds"),
    _fault("out_of_range", "search", _with(query="阿" * 1025), "query"),
    _fault("out_of_range", "search_result", _with(result_count=-1), "result_count"),
    _fault("out_of_range", "search_result", _with(result_count=1 << 31), "result_count"),
    _fault("out_of_range", "favorite", _with(action="toggle"), "action"),
    _fault("out_of_range", "order", _with(status="lost"), "status"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:-6]), "occurred_at"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:10]), "occurred_at"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:10] + "T24:00:00+08:00"), "occurred_at"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:17] + "60+08:00"), "occurred_at"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:19] + "+99:00"), "occurred_at"),
    _fault("bad_time", "view", _with_time("occurred_at", lambda at: at[:4] + "-02-30" + at[10:]), "occurred_at"),
    _fault("bad_time", "view", _with_time("sent_at", lambda at: at.replace("T", " ").replace("+08:00", "")), "sent_at"),
    _fault("time_out_of_bounds", "view", _moved(timedelta(minutes=20)), "occurred_at"),
    _fault("time_out_of_bounds", "view", _moved(timedelta(days=-402)), "occurred_at"),
    _fault("oversize", "view", _oversize),
)
KINDS = tuple(dict.fromkeys(fault.kind for fault in FAULTS))


def _planting_order() -> tuple[int, ...]:
    """Numbers of `FAULTS`: one of each kind before a second of any."""
    by_kind = [[number for number, fault in enumerate(FAULTS) if fault.kind == kind] for kind in KINDS]
    rounds = max(len(numbers) for numbers in by_kind)
    return tuple(numbers[turn] for turn in range(rounds) for numbers in by_kind if turn < len(numbers))


ORDER = _planting_order()
ORDER_WITHOUT_OVERSIZE = tuple(number for number in ORDER if FAULTS[number].kind != "oversize")


def fault_number(garbage_number: int) -> int:
    """Which fault the n-th garbage line of a generation has; `OVERSIZE_MOST` times through all, then all but oversize."""
    if garbage_number < OVERSIZE_MOST * len(ORDER):
        return ORDER[garbage_number % len(ORDER)]
    return ORDER_WITHOUT_OVERSIZE[garbage_number % len(ORDER_WITHOUT_OVERSIZE)]
