"""The rules of decoding, one by one: what becomes of a line, said by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.tables.events import TABLE as EVENTS
from tests.pipelines.ingest.decoding.both_decoders import assert_equal, decode_both, only_reject, only_row, view


def test_a_line_ends_at_a_line_feed_and_nowhere_else() -> None:
    good = view(event_id="a")
    block = good + b"\r\n" + good.replace(b"YP1", "YP\u2028\x85".encode()) + b"\n\n\r\n" + b"x\ny"
    decoded, _, _ = decode_both(block, first_byte=1000)
    assert decoded.line_count == 6
    assert decoded.accepted.num_rows == 2
    assert decoded.rejects.select(["byte_offset", "kind", "raw"]).to_pylist() == [
        {"byte_offset": 1000 + block.index(b"\n\n") + 1, "kind": "empty", "raw": b""},
        {"byte_offset": 1000 + block.index(b"\n\n") + 2, "kind": "empty", "raw": b"\r"},
        {"byte_offset": 1000 + block.index(b"x\n"), "kind": "malformed_json", "raw": b"x"},
        {"byte_offset": 1000 + block.index(b"x\n") + 2, "kind": "malformed_json", "raw": b"y"},
    ]
    assert_equal(block)


@pytest.mark.parametrize(("block", "line_count"), [(b"", 0), (b"\n", 1), (b"\n\n", 2), (b" ", 1)])
def test_blocks_of_nothing(block: bytes, line_count: int) -> None:
    decoded, _, _ = decode_both(block)
    assert decoded.line_count == decoded.rejects.num_rows == line_count
    assert decoded.accepted.schema == EVENTS.schema
    assert_equal(block)


def test_null_is_absent_and_defaults_stand_in() -> None:
    nulls = dict.fromkeys(["channel", "placed_by", "session_id", "price", "properties", "sent_at"])
    line = view()[:-1] + b"".join(b',"%s":null' % name.encode() for name in nulls) + b"}"
    assert only_row(line) == only_row(view())
    row = only_row(view())
    assert (row["channel"], row["placed_by"], row["action"], row["properties"]) == ("web", "customer", None, None)
    assert only_row(view(event_type="favorite"))["action"] == "add"


@pytest.mark.parametrize("written", ["130.4", '"130.4"', "130.40000000", "1304e-1", '"1.304E2"', "130400.00e-3"])
def test_money_is_read_from_its_text(written: str) -> None:
    line = view()[:-1] + b',"price":' + written.encode() + b"}"
    assert only_row(line)["price"] == Decimal("130.4")


def test_money_is_exact_where_a_float_is_not() -> None:
    line = view(price=None)[:-1] + b',"price":99999999999999.9999}'
    assert only_row(line)["price"] == Decimal("99999999999999.9999")


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("0.00001", "out_of_range"),
        ("1e14", "out_of_range"),
        ('"1,5"', "wrong_type"),
        ('"+1"', "wrong_type"),
        ("true", "wrong_type"),
        ('""', "wrong_type"),
    ],
)
def test_money_that_does_not_fit_is_refused(written: str, kind: str) -> None:
    assert only_reject(view()[:-1] + b',"price":' + written.encode() + b"}")[:2] == (kind, "price")


def test_unknown_fields_are_kept_as_they_were_written() -> None:
    line = b'{"os":"iOS",' + view()[1:-1] + b',"size": [1.50, {"a":null}],"properties":{ "os" :1e2},"top_level.os":2}'
    decoded, _, _ = decode_both(line)
    (row,) = decoded.accepted.to_pylist()
    assert row["properties"] == '{ "os" :1e2,"top_level.os":"iOS","size":[1.50, {"a":null}],"top_level.top_level.os":2}'
    assert_equal(line)


def test_properties_keep_their_text_when_nothing_is_added() -> None:
    text = '{ "b":1.50,"a" : [ "\\u963f" ] }'
    assert only_row(view()[:-1] + b',"properties": ' + text.encode() + b" }")["properties"] == text


def test_a_field_of_another_event_type_is_an_unknown_field() -> None:
    decoded, _, _ = decode_both(view(order_id=5, lines="x"))
    (row,) = decoded.accepted.to_pylist()
    assert (row["order_id"], row["lines"], row["properties"]) == (None, None, '{"order_id":5,"lines":"x"}')


def test_an_order_line_with_fields_of_its_own_is_kept_whole_in_properties() -> None:
    lines = '[{"sku_id":"a","quantity":1,"unit_price":2.50,"batch":"B7"}]'
    line = view(event_type="order", sku_id=None, order_id="o", status="paid")[:-1] + f',"lines":{lines}}}'.encode()
    decoded, _, _ = decode_both(line)
    (row,) = decoded.accepted.to_pylist()
    assert row["lines"][0]["unit_price"] == Decimal("2.5")
    assert row["properties"] == f'{{"lines":{lines}}}'


@pytest.mark.parametrize(
    ("received_at", "shift"),
    [
        ("2026-11-20T09:40:16Z", 0),
        ("2026-11-20T09:40:16.000001Z", 600),
        ("2026-11-20T09:25:15Z", 0),
        ("2026-11-20T07:30:16Z", -7200),
    ],
)
def test_a_clock_that_is_off_by_more_than_ten_minutes_is_corrected(received_at: str, shift: int) -> None:
    row = only_row(view(sent_at="2026-11-20T09:30:16Z", received_at=received_at))
    assert row["client_at"] == datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
    assert (row["occurred_at"] - row["client_at"]) // timedelta(seconds=1) == shift


def test_history_without_received_at_has_no_age_limit_and_with_it_has() -> None:
    assert only_row(view(occurred_at="2016-03-01T00:00:00Z"))["event_date"] == date(2016, 3, 1)
    assert only_row(view(occurred_at="2025-10-16T12:00:00Z", received_at="2026-11-20T12:00:00Z"))
    late = view(occurred_at="2025-10-16T11:59:59.999999Z", received_at="2026-11-20T12:00:00Z")
    assert only_reject(late)[:2] == ("time_out_of_bounds", "occurred_at")


def test_the_future_is_measured_from_received_at_or_else_from_the_ingest() -> None:
    assert only_row(view(occurred_at="2026-11-21T03:05:00Z"))
    assert only_reject(view(occurred_at="2026-11-21T03:05:00.000001Z"))[0] == "time_out_of_bounds"
    assert only_row(view(occurred_at="2027-01-01T00:05:00Z", received_at="2027-01-01T00:00:00Z"))
    assert (
        only_reject(view(occurred_at="2026-11-20T12:05:01Z", received_at="2026-11-20T12:00:00Z"))[0]
        == "time_out_of_bounds"
    )


def test_limits_are_settings() -> None:
    ahead = view(occurred_at="2026-11-22T00:00:00Z")
    assert only_row(ahead, max_future_seconds=10**6)
    assert only_reject(view(), max_line_bytes=20)[0] == "oversize"
    assert only_row(view(), max_line_bytes=len(view()) + 50)


@pytest.mark.parametrize(
    ("zone", "day"), [("Asia/Shanghai", 21), ("UTC", 20), ("Pacific/Niue", 20), ("Pacific/Kiritimati", 21)]
)
def test_the_business_day_is_that_of_the_zone(zone: str, day: int) -> None:
    assert only_row(view(occurred_at="2026-11-20T16:00:00Z"), zone)["event_date"] == date(2026, 11, day)


def test_a_line_without_a_representable_day_is_refused_and_does_not_fail() -> None:
    edge = view(occurred_at="9999-12-31T23:00:00Z", received_at="9999-12-31T23:00:00Z")
    assert only_reject(edge)[:2] == ("time_out_of_bounds", "occurred_at")
    decoded, _, _ = decode_both(edge, "UTC")
    assert decoded.accepted["event_date"].to_pylist() == [date(9999, 12, 31)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (view(sku_id=None), "sku_id is required for view; it is absent or null."),
        (view(price="12 元"), 'price is the text "12 元"; it must be a number, or a text that is written as one.'),
        (view(event_type="pageview"), 'event_type is the text "pageview"; it must be one of view, favorite, search, '),
        (view(sku_id="x" * 300), "sku_id has 300 characters; it may have at most 256."),
        (view(occurred_at="2026-02-30T00:00:00Z"), "it must be a real time in RFC 3339 with an offset."),
        (view()[:-1], "The line is not JSON: expecting ',' delimiter at character"),
        (view()[:-1] + b',"a":NaN}', "The line is not JSON: NaN is no JSON value."),
        (view()[:-1] + b',"sku_id":"b"}', 'The key "sku_id" stands twice in one object.'),
        (view()[:-1] + b',"\\ud800":"b"}', 'The text "\\ud800" holds half of a surrogate pair.'),
        (view(received_at="2026-11-20T09:00:00Z"), "occurred_at lies 1815 seconds after it was received."),
    ],
)
def test_a_reason_is_a_sentence_for_a_person(line: bytes, reason: str) -> None:
    assert reason in only_reject(line)[2]
