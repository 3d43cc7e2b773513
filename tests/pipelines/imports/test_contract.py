"""What the import calls an event, ingest accepts: whatever texts the columns hold, for every field of every type."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.imports.contract_kinds import MADE_ELSEWHERE, event_fields, line_fields
from pipelines.imports.import_files import import_file
from schemas.errors import UsageError
from schemas.events.contract import EVENT_TYPES, Event, OrderLine
from tests.pipelines.imports.small_mappings import Workshop, rejects_of

TEXTS = [
    "", " ", "x" * 64, "x" * 65, "x" * 256, "x" * 257, "x" * 1025, "e\u0301" * 130, "\u0000", "\u2028", "\\ud800", "阿莫西林",
    "0", "-0", "1", "-1", "+1", " 1 ", "007", "1.0", ".5", "5.", "1e2", "1E-5", "1e400", "1_000", "１", "0x1", "NaN", "inf",
    "2147483647", "2147483648", "-2147483648", "99999999999999.9999", "100000000000000", "0.00001", "1.50000", "-0.0001",
    "2026-11-20", "2026-11-20T09:00:00Z", "2026-02-30T09:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "CNY", "CN", "paid", "placed", "add", "remove", "customer", "sales_rep", "a;b", ";", '["a"]', "null", "true",
]  # fmt: skip

GOOD = {
    "text": "abc",
    "integer": "2",
    "number": "1.5",
    "money": "1.50",
    "time": "2026-11-20T09:00:00Z",
    "texts": "a;b",
}


def mapping_of(event_type: str) -> str:
    """Every field of the type from a column of its own name."""
    split = ', split = ";"'
    fields = [
        f'{kind.name} = {{ column = "{kind.name}"{split if kind.kind == "texts" else ""} }}'
        for kind in event_fields(event_type).values()
    ]
    lines = [f'{name} = "{{line.{name}}}"' for name in line_fields()] if event_type == "order" else []
    head = ['source = "s"', "[time]", 'zone = "Asia/Shanghai"', "[[event]]", f'type = "{event_type}"']
    return "\n".join([*head, "[event.fields]", *fields, *(["[event.line]", *lines] if lines else []), ""])


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@settings(max_examples=settings().max_examples // 4)  # each has many rows
@given(data=st.data())
def test_what_becomes_an_event_is_accepted(
    tmp_path_factory: pytest.TempPathFactory, event_type: str, data: st.DataObject
) -> None:
    kinds = dict(event_fields(event_type))
    if event_type == "order":
        kinds |= {f"line.{name}": kind for name, kind in line_fields().items()}
    good = {name: kind.choices[0] if kind.choices else GOOD[kind.kind] for name, kind in kinds.items()}
    good |= {"currency": "CNY", "event_id": "e"} if "currency" in good else {"event_id": "e"}
    rows, sound = [], set()
    for place in range(data.draw(st.integers(1, 20))):
        # One or two cells of a good row are anything.
        odd = data.draw(st.dictionaries(st.sampled_from(sorted(good)), st.sampled_from(TEXTS), max_size=2))
        rows.append({**good, "event_id": f"e{place}", **odd})
        if not odd:
            sound.add(f"e{place}")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(good), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    try:
        report = import_file(
            shop.write("in.csv", text.getvalue()), shop.mapping(mapping_of(event_type)), None, shop.places
        )
    except UsageError as error:
        assert "none of its" in str(error)  # noqa: PT017 - every row may be odd
        return
    segment = shop.segment(report)
    # Only ingest has a clock to say what lies in the future.
    assert [each for each in rejects_of(segment) if each["kind"] != "time_out_of_bounds"] == []
    assert len(segment.splitlines()) == report.event_count
    # And nothing good is refused.
    assert sound <= {json.loads(line)["event_id"] for line in segment.splitlines()}


def test_every_field_of_the_contract_can_be_mapped() -> None:
    for event_type, struct in EVENT_TYPES.items():
        assert event_fields(event_type).keys() | set(MADE_ELSEWHERE) >= set(struct.__struct_fields__)
    assert line_fields().keys() == set(OrderLine.__struct_fields__)
    assert event_fields("view").keys() >= set(Event.__struct_fields__) - set(MADE_ELSEWHERE)
