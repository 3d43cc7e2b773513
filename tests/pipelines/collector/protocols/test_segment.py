"""What becomes of bodies like those that the clients send; each was compared with what the real one sent."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.segment import translate_batch, translate_call
from pipelines.collector.protocols.translation import Request, Translation, Unmapped, UnreadableError
from pipelines.ingest.decoding.decode import decode

RECEIVED_AT = "2026-11-20T09:30:00.000000Z"
BOOKS = load_mappings().of("web")


def batch(*events: Any, sent_at: str | None = "2026-11-20T09:29:59.5Z", **more: Any) -> Translation:
    body = json.dumps({"batch": events, "sentAt": sent_at, "writeKey": "secret", **more}).encode()
    return translate_batch(Request(path="/v1/batch", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)


def one(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    (line,) = batch({"type": "track", "messageId": "m1", "timestamp": "2026-11-20T09:29:58Z", **event}, **more).lines
    made: dict[str, Any] = json.loads(line)
    return made


def test_a_product_viewed_is_a_view() -> None:
    assert one(
        {
            "event": "Product Viewed",
            "userId": "buyer-7",
            "anonymousId": "device-1",
            "context": {"groupId": "C1024", "library": {"name": "analytics-python"}},
            "properties": {"sku": "YP1", "price": 12.10, "category": "antibiotics", "brand": "三九"},
            "integrations": {},
        }
    ) == {
        "event_id": "m1",
        "event_type": "view",
        "occurred_at": "2026-11-20T09:29:58Z",
        "sent_at": "2026-11-20T09:29:59.5Z",
        "received_at": RECEIVED_AT,
        "customer_id": "C1024",
        "buyer_id": "buyer-7",
        "anonymous_id": "device-1",
        "sku_id": "YP1",
        "price": 12.1,
        "category_id": "antibiotics",
        "properties": {
            "brand": "三九",
            "$segment": {"event": "Product Viewed", "context": {"library": {"name": "analytics-python"}}},
        },
    }


def test_without_a_company_the_user_is_the_customer() -> None:
    made = one({"event": "Product Viewed", "userId": "C1", "properties": {"sku": "YP1"}})
    assert made["customer_id"] == "C1"
    assert "buyer_id" not in made


def test_before_login_there_is_only_the_device() -> None:
    made = one({"event": "Product Viewed", "userId": None, "anonymousId": "d", "properties": {"sku": "YP1"}})
    assert made["anonymous_id"] == "d"
    assert "customer_id" not in made


def test_money_keeps_its_text() -> None:
    body = b'{"batch":[{"event":"Product Viewed","messageId":"m","userId":"c","properties":{"sku":"a","price":12.10}}]}'
    (line,) = translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS).lines
    assert b'"price":12.10,' in line


def test_an_order_has_lines_and_keeps_what_they_do_not_take() -> None:
    made = one(
        {
            "event": "Order Completed",
            "userId": "C1",
            "properties": {
                "order_id": 1001,
                "total": "99.90",
                "currency": "CNY",
                "coupon": "NEW10",
                "products": [
                    {"sku": "YP1", "quantity": "2", "price": 10.5, "name": "阿莫西林"},
                    {"product_id": 77, "quantity": 3.0, "price": "5", "discount": "0.5"},
                ],
            },
        }
    )
    assert made["status"] == "placed"
    assert made["order_id"] == "1001"
    assert made["amount"] == "99.90"
    assert made["coupon_ids"] == ["NEW10"]
    assert made["lines"] == [
        {"sku_id": "YP1", "quantity": 2, "unit_price": 10.5},
        {"sku_id": "77", "quantity": 3, "unit_price": "5", "discount": "0.5"},
    ]
    assert made["properties"]["products"] == [{"name": "阿莫西林"}, {}]


def test_products_that_the_lines_take_whole_are_not_kept_twice() -> None:
    products = [{"sku": "YP1", "quantity": 2, "price": 10.5}]
    made = one({"event": "Order Completed", "userId": "C", "properties": {"order_id": "O", "products": products}})
    assert "products" not in made["properties"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("Order Updated", "placed"), ("Order Cancelled", "cancelled"), ("Order Refunded", "returned")],
)
def test_later_order_events_have_their_status(name: str, status: str) -> None:
    made = one({"event": name, "userId": "C1", "properties": {"order_id": "O1"}})
    assert (made["event_type"], made["status"]) == ("order", status)
    assert "lines" not in made


@pytest.mark.parametrize("name", ["Product Added to Wishlist", "Product Removed from Wishlist"])
def test_a_wishlist_is_the_favourites_list(name: str) -> None:
    made = one({"event": name, "userId": "C1", "properties": {"product_id": "YP1"}})
    assert (made["event_type"], made["sku_id"]) == ("favorite", "YP1")
    assert made["action"] == ("add" if "Added" in name else "remove")


def test_a_search_that_says_its_result_count_is_two_events() -> None:
    event = {"event": "Products Searched", "type": "track", "messageId": "m1", "userId": "C1"}
    done = batch({**event, "properties": {"query": "阿莫西林", "results": 0}})
    search, result = map(json.loads, done.lines)
    assert (search["event_type"], search["query"]) == ("search", "阿莫西林")
    assert (result["event_type"], result["query"], result["result_count"]) == ("search_result", "阿莫西林", 0)
    assert search["event_id"] == "m1"
    assert len(result["event_id"]) == 32
    assert search["properties"]["results"] == 0
    again = batch({**event, "properties": {"query": "阿莫西林", "results": 0}})
    assert again.lines == done.lines


def test_a_search_without_a_count_is_one_event() -> None:
    assert one({"event": "Products Searched", "userId": "C", "properties": {"query": "x"}})["event_type"] == "search"


def test_search_results_shown_lists_the_products() -> None:
    properties = {"query": "x", "result_count": "12", "page": 2, "products": [{"sku": "a"}, {"product_id": 5}]}
    made = one({"event": "Search Results Shown", "userId": "C", "properties": properties})
    assert (made["result_count"], made["page"], made["sku_ids"]) == (12, 2, ["a", "5"])
    assert made["properties"]["products"] == [{"sku": "a"}, {"product_id": 5}]


def test_times_are_those_of_the_event_before_those_of_the_request() -> None:
    rudder = {
        "event": "Product Viewed",
        "timestamp": None,
        "originalTimestamp": "2026-11-20T09:29:00Z",
        "sentAt": "2026-11-20T09:29:30Z",
        "userId": "C",
        "properties": {"sku": "a"},
    }
    made = one(rudder)
    assert (made["occurred_at"], made["sent_at"]) == ("2026-11-20T09:29:00Z", "2026-11-20T09:29:30Z")
    explicit = one({**rudder, "timestamp": "2026-11-19T00:00:00Z"})
    assert explicit["occurred_at"] == "2026-11-19T00:00:00Z"
    timeless = one({**rudder, "originalTimestamp": None, "sentAt": None}, sent_at=None)
    assert timeless["occurred_at"] == RECEIVED_AT
    assert "sent_at" not in timeless


def test_a_name_that_maps_to_nothing_is_kept_whole_but_for_the_key() -> None:
    event = {"type": "track", "event": "Cart Viewed", "messageId": "m", "userId": "C", "writeKey": "secret"}
    done = batch(event)
    assert done.lines == []
    assert done.unmapped_names == ["Cart Viewed"]
    kept = msgspec.json.decode(done.unmapped[0], type=Unmapped)
    assert (kept.protocol, kept.source, kept.name) == ("segment", "web", "Cart Viewed")
    assert (kept.received_at, kept.sent_at) == (RECEIVED_AT, "2026-11-20T09:29:59.5Z")
    assert json.loads(bytes(kept.original)) == {k: v for k, v in event.items() if k != "writeKey"}


def test_who_somebody_is_is_left_out_and_counted() -> None:
    done = batch(
        {"type": "identify", "userId": "u", "traits": {"email": "a@b.example"}},
        {"type": "group", "userId": "u", "groupId": "C1"},
        {"type": "page", "name": "home", "userId": "u"},
    )
    assert (done.lines, done.ignored_count, done.unmapped_names) == ([], 2, ["page"])


def test_without_a_message_id_the_content_is_the_id() -> None:
    event = {"type": "track", "event": "Product Viewed", "userId": "C", "timestamp": "2026-11-20T09:00:00Z"}
    first, second = (json.loads(line)["event_id"] for line in batch(event, event).lines)
    later = json.loads(batch({**event, "sentAt": "2026-11-20T10:00:00Z"}).lines[0])["event_id"]
    other = json.loads(batch({**event, "properties": {"sku": "b"}}).lines[0])["event_id"]
    assert first == later
    assert len({first, second, other}) == 3


def test_without_id_and_time_an_event_is_a_new_one_each_time() -> None:
    body = b'{"batch":[{"type":"track","event":"Product Viewed","userId":"C","properties":{"sku":"a"}}]}'
    ids = set()
    for moment in (RECEIVED_AT, "2026-11-20T09:31:00.000000Z"):
        (line,) = translate_batch(Request(path="/", body=body, received_at=moment, source="web"), BOOKS).lines
        ids.add(json.loads(line)["event_id"])
    assert len(ids) == 2


def test_no_key_and_no_line_break_reaches_a_line() -> None:
    event = {
        "type": "track",
        "event": "Product Viewed",
        "userId": "C",
        "writeKey": "secret",
        "properties": {"sku": "a"},
    }
    body = json.dumps({"batch": [event, {**event, "event": "?"}], "writeKey": "secret"}, indent=2).encode()
    done = translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)
    assert len(done.lines) == len(done.unmapped) == 1
    assert b"\n" not in done.lines[0] + done.unmapped[0]
    assert b"secret" not in done.lines[0] + done.unmapped[0]


def test_one_bad_event_does_not_refuse_the_others() -> None:
    good = {"type": "track", "event": "Product Viewed", "messageId": "m", "userId": "C", "properties": {"sku": "a"}}
    done = batch(good, 5, "x", None, [1], {"type": 3}, {**good, "properties": [1]}, good)
    made = [json.loads(line) for line in done.lines]
    assert [each if not isinstance(each, dict) else each.get("event_type") for each in made] == [
        "view", 5, "x", None, [1], "view", "view",
    ]  # fmt: skip
    assert made[5]["properties"] == {"$segment": {"event": "Product Viewed", "properties": [1]}}
    assert done.unmapped_names == [""]


def test_half_a_surrogate_pair_is_left_for_ingest_to_refuse() -> None:
    body = b'{"batch":[{"type":"track","event":"\\ud800"},{"type":"track","event":"Cart Viewed"}]}'
    done = translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)
    assert done.lines == [b'{"type":"track","event":"\\ud800"}']
    assert done.unmapped_names == ["Cart Viewed"]


@pytest.mark.parametrize(
    "twice",
    [
        b'{"type":"track","event":"Product Viewed","event":"Product Clicked","writeKey":"k"}',
        b'{"type":"track","event":"Product Viewed","writeKey":"k","properties":{"sku":"a" , "sku" :"b"}}',
        b'{"type":"track","event":"Order Completed","properties":{"products":[{"sku":"a","s\\u006bu":"b"}]}, "writeKey" : "k"}',
    ],
)
def test_an_event_with_a_key_twice_is_left_for_ingest_to_refuse_and_its_neighbours_are_not(twice: bytes) -> None:
    body = b'{"batch":[%b,{"type":"track","event":"Cart Viewed"}],"writeKey":"k"}' % twice
    done = translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)
    (line,) = done.lines
    assert line == re.sub(rb'"writeKey"\s*:\s*"k"', b'"writeKey":null', twice)
    assert done.unmapped_names == ["Cart Viewed"]
    (alone,) = translate_call(Request(path="/t", body=twice, received_at=RECEIVED_AT, source="web"), BOOKS).lines
    assert alone == line
    refused = decode(line, first_byte=0, landing_source="web", time_zone="UTC", ingested_at=datetime.now(UTC)).rejects
    assert refused["kind"].to_pylist() == ["duplicate_key"]


def test_a_batch_beside_another_is_refused_and_does_not_vanish() -> None:
    body = b'{"batch":[{"type":"track","event":"A"}],"batch":[{"type":"track","event":"B"}]}'
    with pytest.raises(UnreadableError, match="twice"):
        translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"batch":{}}', b'{"batch":[{"a":1}', b"\xff", b'{"batch":' + b"[" * 100_000]
)
def test_a_body_without_a_batch_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="batch"):
        translate_batch(Request(path="/v1/batch", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)


@pytest.mark.parametrize("path", ["/v1/t", "/t", "/v1/track"])
def test_a_call_of_its_own_takes_its_type_from_the_path(path: str) -> None:
    body = b'{"event":"Product Viewed","messageId":"m","userId":"C","properties":{"sku":"a"}}'
    (line,) = translate_call(Request(path=path, body=body, received_at=RECEIVED_AT, source="web"), BOOKS).lines
    assert json.loads(line)["event_type"] == "view"


@pytest.mark.parametrize(("path", "ignored"), [("/v1/i", 1), ("/v1/identify", 1), ("/v1/p", 0), ("/v1/page", 0)])
def test_other_calls_are_no_tracks(path: str, ignored: int) -> None:
    request = Request(path=path, body=b'{"userId":"C"}', received_at=RECEIVED_AT, source="web")
    done = translate_call(request, BOOKS)
    assert (done.ignored_count, len(done.unmapped)) == (ignored, 1 - ignored)


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"a"'])
def test_a_call_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="object"):
        translate_call(Request(path="/v1/t", body=body, received_at=RECEIVED_AT, source="web"), BOOKS)


def test_a_list_of_results_is_no_count() -> None:
    event = {"event": "Products Searched", "userId": "C", "properties": {"query": "x", "results": [{"sku": "a"}]}}
    assert one(event)["event_type"] == "search"
    assert one(event)["properties"]["results"] == [{"sku": "a"}]
