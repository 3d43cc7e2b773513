"""Whatever a client sends: every event gets a verdict of its own, and nothing but `UnreadableError` comes out."""

import json
import time
from itertools import chain
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.collector.protocols import native, segment, sensors
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.routes import ROUTES
from pipelines.collector.protocols.translation import (
    MAX_EVENTS,
    Request,
    TooLargeError,
    Translation,
    Unmapped,
    UnreadableError,
)

BOOKS = load_mappings().of("web")
RECEIVED_AT = "2026-11-20T09:30:00.000000Z"

TEXTS = st.text(max_size=5) | st.sampled_from(["", "\ud800", "{", "[", '{"sku":"a"}', "[1]", "2", "2.0", "1e5", "\x00"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["sku", "name"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def any_of(keys: list[str], **known: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(keys, VALUES),
            **{key: VALUES | st.sampled_from(some) for key, some in known.items()},
        },
    )


PROPERTIES = any_of(
    ["sku", "sku_id", "query", "results", "products", "sku_ids", "order_id", "total", "coupon", "ip", "$is_login_id"]
)
SEGMENT = st.one_of(
    VALUES,
    any_of(
        ["userId", "groupId", "messageId", "timestamp", "sentAt", "context", "writeKey"],
        type=["track", "identify", "page"],
        event=[*BOOKS.segment.rules],
    ).flatmap(lambda event: PROPERTIES.map(lambda properties: {**event, "properties": properties})),
)
SENSORS = st.one_of(
    VALUES,
    any_of(
        ["distinct_id", "login_id", "anonymous_id", "identities", "time", "_track_id", "_flush_time", "lib", "token"],
        type=["track", "profile_set"],
        event=[*BOOKS.sensors.rules],
    ).flatmap(lambda event: PROPERTIES.map(lambda properties: {**event, "properties": properties})),
)


def request(value: Any, path: str = "/v1/batch") -> Request:
    return Request(path=path, body=json.dumps(value).encode(), received_at=RECEIVED_AT, source="web")


def assert_verdict_for_each(done: Translation, count: int) -> None:
    assert len(done.unmapped) == len(done.unmapped_names)
    # A search that says its result count makes two lines.
    assert count <= len(done.lines) + len(done.unmapped) + done.ignored_count <= 2 * count
    for line in [*done.lines, *done.unmapped]:
        assert b"\n" not in line
        json.loads(line)
    for kept in done.unmapped:
        msgspec.json.decode(kept, type=Unmapped)


@settings(max_examples=50)
@given(st.lists(SEGMENT, max_size=4))
def test_segment(events: list[Any]) -> None:
    done = segment.translate_batch(request({"batch": events}), BOOKS)
    assert_verdict_for_each(done, len(events))
    told_apart = {json.dumps(event) for event in events}
    alone = [segment.translate_batch(request({"batch": [event]}), BOOKS).lines for event in events]
    assert [*chain.from_iterable(alone)] == done.lines or len(told_apart) < len(events)


@settings(max_examples=50)
@given(st.lists(SENSORS, max_size=4))
def test_sensors(events: list[Any]) -> None:
    assert_verdict_for_each(sensors.translate_events(request(events, "/sa"), BOOKS), len(events))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
@settings(max_examples=20)
@given(body=st.binary(max_size=60) | st.sampled_from([b"{" * 5000, b"data=%", b"data=&crc=1", b'{"batch":[{},']))
def test_any_bytes(route: Any, body: bytes) -> None:
    try:
        done = route.translate(Request(path=route.path, body=body, received_at=RECEIVED_AT, source="web"), BOOKS)
    except UnreadableError as error:
        assert str(error)  # noqa: PT017 - both outcomes are right
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert not any(b"\n" in line for line in [*done.lines, *done.unmapped])


def test_a_key_in_an_event_that_no_reader_takes_is_not_kept() -> None:
    body = (
        b'{"batch":[{"writeKey":"secret","event":"\\ud800"},{"writeKey": "secret","type":"track","userId":"\\ud800"}]}'
    )
    done = segment.translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)
    assert len(done.lines) == 2
    body = b'[{"token":"secret","event":"\\ud800"}]'
    done.lines += sensors.translate_events(
        Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS
    ).lines
    assert len(done.lines) == 3
    assert not any(b"secret" in line for line in done.lines)


@pytest.mark.parametrize(
    ("translate", "body"),
    [
        (native.translate_events, b"[%b]"),
        (segment.translate_batch, b'{"batch":[%b]}'),
        (segment.translate_batch, b'{"batch":[%b,NaN]}'),
        (sensors.translate_events, b"[%b]"),
    ],
)
def test_more_events_than_anybody_sends_are_refused(translate: Any, body: bytes) -> None:
    whole = body % b",".join([b"{}"] * (MAX_EVENTS + 1))
    with pytest.raises(TooLargeError, match=r"100,00. events in one request"):
        translate(Request(path="/", body=whole, received_at=RECEIVED_AT, source="web"), BOOKS)


def test_a_body_of_brackets_costs_little() -> None:
    started = time.process_time()
    for deep in (b"[" * 4_000_000, b'{"batch":' + b"[" * 4_000_000, b"[" * 5000 + b"]" * 5000):
        for translate in (native.translate_events, segment.translate_batch, sensors.translate_events):
            with pytest.raises(UnreadableError):
                translate(Request(path="/", body=deep, received_at=RECEIVED_AT, source="web"), BOOKS)
    assert time.process_time() - started < 2
