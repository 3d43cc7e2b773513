"""The JSON Schemas say what msgspec checks: the two are compared on events with one value changed."""

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.ingest.decoding.decode import DecodeLimits, decode
from schemas.events.contract import EVENT_TYPES
from schemas.generate.json_schema import MONEY_BOUND, event_schema

EXAMPLES = Path(__file__).parents[3] / "schemas/events/v1/examples"
FULL = {
    event_type: json.loads((EXAMPLES / event_type / "pass/full.json").read_text(encoding="utf-8"))
    for event_type in EVENT_TYPES
}
VALIDATORS = {event_type: Draft202012Validator(event_schema(event_type)) for event_type in EVENT_TYPES}
LINE = "lines[0]."
# msgspec has these two as any text and any JSON: the decoder judges them, and the examples show how.
JUDGED_ELSEWHERE = {"occurred_at", "sent_at", "received_at", "properties"}

each_type = pytest.mark.parametrize("event_type", EVENT_TYPES)


def composed(text: str) -> str:
    """Lengths count in NFC; a schema counts the text as it is."""
    return unicodedata.normalize("NFC", text)


texts = st.text(max_size=70).map(composed) | st.sampled_from(
    ["", "web", "add", "placed", "12.80", "-0.5", "1e3", "01", "+1", "1_0", "."]
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer())
scalars = (
    st.none() | st.booleans() | numbers | st.integers(-3, 3) | texts | st.text(min_size=250, max_size=260).map(composed)
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)


@st.composite
def changed_events(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A full event with one field of it, or of its first line, replaced or left out."""
    event_type = draw(st.sampled_from(list(EVENT_TYPES)))
    event = json.loads(json.dumps(FULL[event_type]))
    line = event["lines"][0] if "lines" in event else {}
    field = draw(st.sampled_from([*sorted(set(event) - JUDGED_ELSEWHERE), *(LINE + name for name in line)]))
    place = line if field.startswith(LINE) else event
    name = field.removeprefix(LINE)
    if draw(st.booleans()):
        place[name] = draw(values)
    else:
        del place[name]
    return event_type, field, event


def is_valid_to_msgspec(event_type: str, event: dict[str, Any]) -> bool:
    try:
        msgspec.json.decode(json.dumps(without_nulls(event)), type=EVENT_TYPES[event_type])
    except msgspec.ValidationError:
        return False
    # What the contract adds in words of its own, said again here in the plainest way.
    if event.get("status") == "placed" and not event.get("lines"):
        return False
    return all(abs(value) < MONEY_BOUND for value in money_numbers(event))


def without_nulls(event: dict[str, Any]) -> dict[str, Any]:
    """Null is the same as absence, but a Struct with a default does not know it."""
    return {name: value for name, value in event.items() if value is not None}


def money_numbers(event: dict[str, Any]) -> list[float]:
    held = [event, *(event.get("lines") or [])]
    found = [part.get(name) for part in held for name in ("price", "amount", "unit_price", "discount")]
    return [value for value in found if isinstance(value, int | float)]


@settings(max_examples=300, deadline=None)  # the machine may be busy
@given(changed_events())
def test_json_schema_and_msgspec_agree_on_events_with_one_value_changed(
    changed: tuple[str, str, dict[str, Any]],
) -> None:
    event_type, field, event = changed
    if field == "event_type":
        assert VALIDATORS[event_type].is_valid(event) is (event.get("event_type") == event_type)
    else:
        assert VALIDATORS[event_type].is_valid(event) is is_valid_to_msgspec(event_type, event)


@settings(max_examples=300, deadline=None)
@given(changed_events())
def test_json_schema_never_refuses_what_ingest_accepts(changed: tuple[str, str, dict[str, Any]]) -> None:
    event_type, _, event = changed
    decoded = decode(
        json.dumps(event).encode(),
        first_byte=0,
        landing_source="examples",
        time_zone="Asia/Shanghai",
        ingested_at=datetime(2026, 11, 20, 4, 0, tzinfo=UTC),
        limits=DecodeLimits(),
    )
    if decoded.accepted.num_rows and event["event_type"] == event_type:
        VALIDATORS[event_type].validate(event)


@each_type
def test_schema_is_itself_valid_and_needs_no_other_file(event_type: str) -> None:
    schema = event_schema(event_type)
    Draft202012Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)


@each_type
def test_every_field_is_described_in_english_and_chinese(event_type: str) -> None:
    schema = event_schema(event_type)
    fields = {**schema["properties"], **schema["properties"].get("lines", {}).get("items", {}).get("properties", {})}
    described = {name: field.get("description", "") for name, field in fields.items() if name != "event_type"}
    assert [name for name, text in described.items() if not re.search(r"[a-z]{3}.*[\u4e00-\u9fff]", text)] == []


@each_type
def test_one_of_customer_and_device_is_enough_and_none_is_not(event_type: str) -> None:
    event = FULL[event_type]
    for absent in ("customer_id", "anonymous_id"):
        assert VALIDATORS[event_type].is_valid({**event, absent: None})
    assert not VALIDATORS[event_type].is_valid({**event, "customer_id": None, "anonymous_id": None})


def test_search_result_needs_a_search_or_a_query() -> None:
    event = FULL["search_result"]
    for absent in ("search_id", "query"):
        assert VALIDATORS["search_result"].is_valid({**event, absent: None})
    assert not VALIDATORS["search_result"].is_valid({**event, "search_id": None, "query": None})


@each_type
def test_unknown_fields_are_welcome_beside_the_others(event_type: str) -> None:
    assert VALIDATORS[event_type].is_valid({**FULL[event_type], "批准文号": "国药准字H20043894"})


def test_unknown_fields_are_welcome_in_an_order_line() -> None:
    line = {**FULL["order"]["lines"][0], "批号": "20261101"}
    assert VALIDATORS["order"].is_valid({**FULL["order"], "lines": [line]})


@each_type
def test_properties_are_an_object_or_null(event_type: str) -> None:
    for right in ({}, None):
        assert VALIDATORS[event_type].is_valid({**FULL[event_type], "properties": right})
    for wrong in ("{}", [], 1):
        assert not VALIDATORS[event_type].is_valid({**FULL[event_type], "properties": wrong})


def test_null_is_the_same_as_leaving_a_field_with_a_default_out() -> None:
    assert VALIDATORS["favorite"].is_valid({**FULL["favorite"], "action": None, "channel": None, "placed_by": None})


@pytest.mark.parametrize("instant", ["2026-11-20T09:30:15+08:00", "2026-11-20t01:30:15.123456789z"])
def test_rfc_3339_with_an_offset_is_an_instant(instant: str) -> None:
    assert VALIDATORS["view"].is_valid({**FULL["view"], "sent_at": instant})


@pytest.mark.parametrize(
    "instant",
    ["2026-11-20T09:30:15", "2026-11-20", "2026-11-20 09:30:15Z", "2026-13-20T09:30:15Z", "2026-11-20T09:30:60Z", 5],
)
def test_anything_else_is_no_instant(instant: object) -> None:
    assert not VALIDATORS["view"].is_valid({**FULL["view"], "sent_at": instant})
