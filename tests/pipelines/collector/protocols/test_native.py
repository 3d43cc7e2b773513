import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collector.protocols.native import translate_events
from pipelines.collector.protocols.translation import Request, UnreadableError

RECEIVED_AT = "2026-11-20T09:30:00.123456Z"
STAMP = b'"received_at":"2026-11-20T09:30:00.123456Z"'


def lines(body: bytes, content_type: str = "application/json") -> list[bytes]:
    headers = {"content-type": content_type}
    request = Request(path="/v1/events", body=body, received_at=RECEIVED_AT, source="web", headers=headers)
    return translate_events(request).lines


def test_one_event_keeps_its_bytes_and_gets_our_stamp() -> None:
    assert lines(b'{"event_id":"a","price": 12.10}') == [b"{" + STAMP + b',"event_id":"a","price": 12.10}']


def test_a_list_gives_a_line_an_event() -> None:
    assert lines(b'[{"event_id":"a"}, {"event_id":"b"}]') == [
        b"{" + STAMP + b',"event_id":"a"}',
        b"{" + STAMP + b',"event_id":"b"}',
    ]


def test_lines_give_a_line_each_and_blank_ones_none() -> None:
    body = b'{"event_id":"a"}\r\n\n{"event_id":"b"}\n'
    assert lines(body) == [b"{" + STAMP + b',"event_id":"a"}', b"{" + STAMP + b',"event_id":"b"}']


def test_a_broken_line_among_good_ones_goes_on_to_its_own_verdict() -> None:
    assert lines(b'{"event_id":"a"}\n{"event_id":\n{"event_id":"c"}') == [
        b"{" + STAMP + b',"event_id":"a"}',
        b"{" + STAMP + b',"event_id":',
        b"{" + STAMP + b',"event_id":"c"}',
    ]


def test_a_first_line_may_be_broken_when_the_client_says_that_it_sends_lines() -> None:
    assert len(lines(b'{"event_id":\n{"event_id":"b"}', "application/x-ndjson")) == 2


def test_what_is_no_object_stays_as_it_came() -> None:
    assert lines(b'[1, "x", null, {}]') == [b"1", b'"x"', b"null", b"{" + STAMP + b"}"]


def test_an_event_written_over_several_lines_is_one_line() -> None:
    (line,) = lines(b'{\n  "event_id": "a",\r\n  "properties": {\n "x": "1\\n2" }\n}')
    assert b"\n" not in line
    assert json.loads(line) == {"received_at": RECEIVED_AT, "event_id": "a", "properties": {"x": "1\n2"}}


def test_a_client_does_not_say_when_we_received() -> None:
    (line,) = lines(b'{"event_id":"a","received_at":"1999-01-01T00:00:00Z","amount":1.50}')
    assert line == b"{" + STAMP + b',"event_id":"a","amount":1.50}'


def test_received_at_inside_the_properties_is_the_clients() -> None:
    event = b'{"event_id":"a","properties":{"received_at":"x"}}'
    assert lines(event) == [b"{" + STAMP + b"," + event[1:]]


def test_a_key_twice_is_left_for_ingest_to_refuse() -> None:
    (line,) = lines(b'{"event_id":"a","event_id":"b","received_at":"1999-01-01T00:00:00Z"}')
    assert line.count(b'"event_id"') == 2


@pytest.mark.parametrize("body", [b'{"query":"\\ud83d"}', b'[{"a":1},{"query":"\\ud83d"}]'])
def test_half_a_surrogate_pair_goes_on_to_its_own_verdict(body: bytes) -> None:
    assert lines(body)[-1] == b"{" + STAMP + b',"query":"\\ud83d"}'


@pytest.mark.parametrize(
    "body",
    [b"", b"  \n", b"{", b"[1,", b"\xff\xfe", b"event_id=a", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "blank", "cut", "cut list", "no text", "a form", "deep list", "deep object"],
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="body"):
        lines(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["event_id", "received_at", "properties", "x"]), JSON), min_size=1))
def test_every_event_arrives_equal_but_for_the_stamp(events: list[dict[str, object]]) -> None:
    expected = [{**event, "received_at": RECEIVED_AT} for event in events]
    as_list = lines(json.dumps(events, indent=1).encode())
    assert [json.loads(line) for line in as_list] == expected
    as_lines = lines("\n".join(map(json.dumps, events)).encode(), "application/x-ndjson")
    assert [json.loads(line) for line in as_lines] == expected


@given(st.binary())
def test_any_bytes_are_lines_or_one_clear_error(body: bytes) -> None:
    try:
        made = lines(body)
    except UnreadableError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both outcomes are right; this one has a form
    else:
        assert made
        assert not any(b"\n" in line for line in made)
