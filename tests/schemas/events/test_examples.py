"""Every example of the contract, before the decoder and before the JSON Schemas that clients use.

`<event_type>/pass/<case>.json` is one event; `<event_type>/fail/<kind>.<field>[-<case>].json` one that is refused,
with the kind and the field at fault in its name. They stand on several lines for the reader: a line feed between tokens
is white space in JSON and cannot stand inside a text, so a space in its place leaves the same event on one line.
`line/…/<kind>.<case>.ndjson` holds the bytes of one line as they are.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from pipelines.ingest.decoding.decode import DecodeLimits, decode
from schemas.events.contract import EVENT_TYPES
from schemas.events.rejects import RejectKind
from schemas.tables.events import TABLE as EVENTS

VERSION_FOLDER = Path(__file__).parents[3] / "schemas/events/v1"
EXAMPLES = VERSION_FOLDER / "examples"
PASSING = sorted(EXAMPLES.glob("*/pass/*"))
FAILING = sorted(EXAMPLES.glob("*/fail/*"))
EVENTS_PASSING = [path for path in PASSING if path.suffix == ".json"]
EVENTS_FAILING = [path for path in FAILING if path.suffix == ".json"]

# The day of the examples: 12:00 in Shanghai.
INGESTED_AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)

# Refused by ingest though the JSON Schema is content, because JSON Schema cannot say it.
BEYOND_JSON_SCHEMA = {
    "view/fail/out_of_range.price-five_decimals": "multipleOf works on binary floats in most validators",
    "order/fail/out_of_range.amount-fifth_decimal_in_quotes": "the same rule for a decimal text",
    "search_result/fail/wrong_type.result_count-with_a_point": "36.0 is an integer to JSON Schema",
    "search/fail/bad_time.occurred_at-february_30": "a pattern knows no calendar",
    "view/fail/time_out_of_bounds.occurred_at-next_year": "a schema has no clock",
    "view/fail/time_out_of_bounds.occurred_at-two_years_before_it_was_received": "a schema has no clock",
}


def named(path: Path) -> str:
    return str(path.relative_to(EXAMPLES).with_suffix(""))


def line_of(path: Path) -> bytes:
    raw = path.read_bytes()
    return raw.removesuffix(b"\n") if path.suffix == ".ndjson" else raw.strip().replace(b"\n", b" ")


def refused_for(path: Path) -> tuple[str, str | None]:
    """Kind and field in the name of a failing example; the field is None where the whole line is at fault."""
    kind, _, rest = path.stem.partition(".")
    return kind, (rest.partition("-")[0] if path.suffix == ".json" else None)


def decoded(line: bytes) -> tuple[pa.Table, pa.Table]:
    result = decode(
        line + b"\n",
        first_byte=0,
        landing_source="examples",
        time_zone="Asia/Shanghai",
        ingested_at=INGESTED_AT,
        limits=DecodeLimits(),
    )
    assert result.line_count == 1
    return result.accepted, result.rejects


@pytest.mark.parametrize("path", PASSING, ids=named)
def test_passing_example_becomes_one_event(path: Path) -> None:
    accepted, rejects = decoded(line_of(path))

    assert rejects.to_pylist() == []
    [row] = accepted.to_pylist()
    sent = json.loads(line_of(path))
    assert row["event_id"] == sent["event_id"]
    assert row["event_type"] == sent["event_type"]
    assert accepted.schema.names == EVENTS.schema.names


@pytest.mark.parametrize("path", FAILING, ids=named)
def test_failing_example_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    accepted, rejects = decoded(line_of(path))

    assert accepted.num_rows == 0
    [reject] = rejects.to_pylist()
    kind, field = refused_for(path)
    assert reject["kind"] == kind
    assert top_level(reject["field"]) == field
    assert reject["raw"] == line_of(path)
    assert reject["reason"]


def top_level(field: str | None) -> str | None:
    """`lines` of `lines[1].unit_price`."""
    return field if field is None else field.partition(".")[0].partition("[")[0]


def test_all_examples_in_one_block_keep_their_order_and_their_place() -> None:
    paths = [*FAILING, *PASSING, *FAILING]
    lines = [line_of(path) for path in paths]
    block = b"".join(line + b"\n" for line in lines)

    result = decode(
        block,
        first_byte=1000,
        landing_source="examples",
        time_zone="Asia/Shanghai",
        ingested_at=INGESTED_AT,
        limits=DecodeLimits(),
    )

    assert result.line_count == len(paths)
    passing_ids = {json.loads(line_of(path))["event_id"] for path in PASSING}
    assert set(result.accepted["event_id"].to_pylist()) == passing_ids
    assert result.accepted.num_rows == len(PASSING)
    rejects = result.rejects.sort_by("byte_offset").to_pylist()
    assert [reject["kind"] for reject in rejects] == [refused_for(path)[0] for path in [*FAILING, *FAILING]]
    for reject in rejects:
        start = reject["byte_offset"] - 1000
        assert block[start : start + len(reject["raw"]) + 1] == reject["raw"] + b"\n"


def test_example_of_a_fast_clock_is_moved_to_when_it_was() -> None:
    accepted, _ = decoded(line_of(EXAMPLES / "view/pass/client_clock_two_hours_fast.json"))

    [row] = accepted.to_pylist()
    assert row["client_at"] == datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
    assert row["occurred_at"] == datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    assert row["event_date"].isoformat() == "2026-11-20"


def schema_of(path: Path) -> Draft202012Validator:
    event_type = path.relative_to(EXAMPLES).parts[0]
    return Draft202012Validator(json.loads((VERSION_FOLDER / f"{event_type}.schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", EVENTS_PASSING, ids=named)
def test_passing_example_is_valid_by_its_json_schema(path: Path) -> None:
    schema_of(path).validate(json.loads(line_of(path)))


@pytest.mark.parametrize("path", EVENTS_FAILING, ids=named)
def test_failing_example_is_invalid_by_its_json_schema_where_that_can_say_so(path: Path) -> None:
    errors = list(schema_of(path).iter_errors(json.loads(line_of(path))))

    assert bool(errors) is (named(path) not in BEYOND_JSON_SCHEMA), errors


def test_there_are_examples_of_every_type_and_every_kind() -> None:
    for event_type in EVENT_TYPES:
        assert len(list((EXAMPLES / event_type / "pass").glob("*.json"))) >= 3
        assert len(list((EXAMPLES / event_type / "fail").glob("*.json"))) >= 6
    # A line longer than 1 MiB is no example to keep in a repository.
    assert {refused_for(path)[0] for path in FAILING} == set(RejectKind) - {RejectKind.OVERSIZE}


def test_the_full_example_of_a_type_carries_every_field_of_it() -> None:
    for event_type in EVENT_TYPES:
        full = json.loads(line_of(EXAMPLES / event_type / "pass/full.json"))
        declared = json.loads((VERSION_FOLDER / f"{event_type}.schema.json").read_text(encoding="utf-8"))["properties"]
        assert set(declared) == set(full)


def test_no_two_examples_share_an_event_id() -> None:
    ids = [json.loads(line_of(path)).get("event_id") for path in [*PASSING, *EVENTS_FAILING]]
    present = [event_id for event_id in ids if event_id is not None]
    assert len(set(present)) == len(present)
