"""Decoding one block by the decoder and by the reference, and looking at what comes out."""

import json
import math
from collections import Counter
from typing import Any

from pipelines.ingest.decoding.decode import Decoded, DecodeLimits, decode
from schemas.tables.events import TABLE as EVENTS
from tests.oracles.reference_decoder import Limits, Settings, reference_decode
from tests.pipelines.ingest.decoding import event_lines


def decode_both(
    block: bytes, zone: str = "Asia/Shanghai", first_byte: int = 0, **limits: int
) -> tuple[Decoded, list[dict[str, Any]], list[dict[str, Any]]]:
    """The block by the decoder, and by the reference: accepted and rejects."""
    given_both: dict[str, Any] = {
        "first_byte": first_byte,
        "landing_source": "shop",
        "time_zone": zone,
        "ingested_at": event_lines.INGESTED_AT,
    }
    decoded = decode(block, limits=DecodeLimits(**limits), **given_both)
    return decoded, *reference_decode(block, Settings(limits=Limits(**limits), **given_both))


def assert_equal(block: bytes, **options: Any) -> Counter[str]:
    """Hold the decoder to the reference; the number of lines of each kind, and of those accepted."""
    decoded, accepted, rejects = decode_both(block, **options)
    assert decoded.accepted.schema.equals(EVENTS.schema, check_metadata=True)
    decoded.accepted.validate(full=True)
    decoded.rejects.validate(full=True)
    assert decoded.line_count == decoded.accepted.num_rows + decoded.rejects.num_rows
    shown = decoded.rejects.drop_columns(["reason"]).to_pylist()
    for got, wanted in zip(shown, rejects, strict=False):
        assert got == wanted
    assert len(shown) == len(rejects), "lines refused"
    for row, wanted in zip(decoded.accepted.to_pylist(), accepted, strict=True):
        assert row == wanted
        assert row["dwell_seconds"] is None or math.copysign(1, row["dwell_seconds"]) == 1, "one zero"
    for each in decoded.rejects["reason"].to_pylist():
        assert each.endswith(".")
        assert len(each) < 500
        assert each.encode()
    return Counter(each["kind"] for each in rejects) + Counter(accepted=len(accepted))


def view(**fields: Any) -> bytes:
    """A view as a client sends it; a field set to None is left out."""
    plain = {
        "event_type": "view",
        "event_id": "e1",
        "occurred_at": "2026-11-20T09:30:15Z",
        "customer_id": "C1",
        "sku_id": "YP1",
    }
    return json.dumps({key: value for key, value in (plain | fields).items() if value is not None}).encode()


def only_row(line: bytes, zone: str = "Asia/Shanghai", **limits: int) -> dict[str, Any]:
    """The row of one line, the same on both paths."""
    slow = line.replace(b'{"', b'{ "top level" : 1 , "', 1)  # an unknown field: the exact path
    decoded, _, _ = decode_both(line + b"\n" + slow, zone, **limits)
    assert decoded.rejects.to_pylist() == []
    row, slow_row = decoded.accepted.to_pylist()
    assert {k: v for k, v in row.items() if k != "properties"} == {
        k: v for k, v in slow_row.items() if k != "properties"
    }
    return dict(row)


def only_reject(line: bytes, **limits: int) -> tuple[str, str | None, str]:
    """Kind, field and reason of one line."""
    decoded, _, _ = decode_both(line, **limits)
    (row,) = decoded.rejects.to_pylist()
    assert row["raw"] == line
    return row["kind"], row["field"], row["reason"]
