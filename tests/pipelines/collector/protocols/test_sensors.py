"""What becomes of bodies like those that the clients send; each was compared with what the real one sent."""

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest

from pipelines.collector.protocols.java_hash import java_hash
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.sensors import translate_events
from pipelines.collector.protocols.translation import Request, TooLargeError, Translation, Unmapped, UnreadableError

RECEIVED_AT = "2026-11-20T09:30:00.000000Z"
BOOKS = load_mappings().of("web")
BROWSER_EVENT: dict[str, Any] = {
    "identities": {"$identity_cookie_id": "device-1"},
    "distinct_id": "device-1",
    "lib": {"$lib": "js", "$lib_version": "1.27.11"},
    "properties": {"$url": "https://shop.example/p/1", "sku_id": "YP1", "price": 12.1},
    "anonymous_id": "device-1",
    "type": "track",
    "event": "ViewProduct",
    "time": 1795167000005,
    "_track_id": 923306647,
    "_flush_time": 1795167000050,
}


def pack(value: Any, *, is_zipped: bool = False) -> str:
    text = json.dumps(value).encode()
    return base64.b64encode(gzip.compress(text) if is_zipped else text).decode()


def translate(body: bytes = b"", query: str = "", **more: Any) -> Translation:
    request = Request(path="/sa", query=query, body=body, received_at=RECEIVED_AT, source="web", **more)
    return translate_events(request, BOOKS)


def sent(*events: Any) -> Translation:
    return translate(urlencode({"data_list": pack(events)}).encode())


def one(event: dict[str, Any]) -> dict[str, Any]:
    (line,) = sent({**BROWSER_EVENT, **event}).lines
    made: dict[str, Any] = json.loads(line)
    return made


def test_a_browsers_view() -> None:
    made = one({})
    event_id = made.pop("event_id")
    assert len(event_id) == 32
    assert made == {
        "event_type": "view",
        "occurred_at": "2026-11-20T09:30:00.005Z",
        "sent_at": "2026-11-20T09:30:00.050Z",
        "received_at": RECEIVED_AT,
        "anonymous_id": "device-1",
        "channel": "web",
        "sku_id": "YP1",
        "price": 12.1,
        "properties": {
            "$url": "https://shop.example/p/1",
            "$sensors": {
                "identities": {"$identity_cookie_id": "device-1"},
                "distinct_id": "device-1",
                "lib": {"$lib": "js", "$lib_version": "1.27.11"},
                "event": "ViewProduct",
            },
        },
    }


@pytest.mark.parametrize("key", ["data", "data_list"])
@pytest.mark.parametrize("is_zipped", [False, True])
@pytest.mark.parametrize("is_get", [False, True])
def test_every_packing_gives_the_same_line(key: str, is_zipped: bool, is_get: bool) -> None:
    packed = pack(BROWSER_EVENT if key == "data" else [BROWSER_EVENT], is_zipped=is_zipped)
    crc = java_hash(packed.encode())
    form = urlencode({key: packed, "gzip": int(is_zipped), "ext": f"crc={crc}"})
    done = translate(query=f"project=default&{form}") if is_get else translate(form.encode())
    assert done.lines == sent(BROWSER_EVENT).lines


def test_a_plus_sign_that_was_not_escaped_stays_one() -> None:
    packed = pack({**BROWSER_EVENT, "event": "ViewProduct", "properties": {"sku_id": "~~~>>>"}})
    assert "+" in packed
    assert json.loads(translate(f"data={packed}".encode()).lines[0])["sku_id"] == "~~~>>>"


def test_a_crc_that_does_not_fit_refuses_the_request() -> None:
    packed = pack(BROWSER_EVENT)
    with pytest.raises(UnreadableError, match="crc 5 does not fit"):
        translate(f"crc=5&data={quote(packed)}".encode())
    with pytest.raises(UnreadableError, match="crc"):
        translate(query=f"data={quote(packed)}&ext={quote('crc=-1')}")


def test_a_login_is_the_customer() -> None:
    made = one({"login_id": "C1", "distinct_id": "C1"})
    assert (made["customer_id"], made["anonymous_id"]) == ("C1", "device-1")
    assert "buyer_id" not in made


def test_a_company_comes_before_the_login() -> None:
    made = one({"login_id": "buyer-7", "properties": {"sku_id": "a", "company_id": 1024}})
    assert (made["customer_id"], made["buyer_id"]) == ("1024", "buyer-7")


def test_a_servers_event_says_by_a_flag_whose_id_it_is() -> None:
    server = {"type": "track", "event": "ViewProduct", "time": 1795167000005, "distinct_id": "X"}
    (line,) = sent({**server, "properties": {"sku_id": "a", "$is_login_id": True}}).lines
    login = json.loads(line)
    assert login["customer_id"] == "X"
    assert "anonymous_id" not in login
    (line,) = sent({**server, "properties": {"sku_id": "a"}}).lines
    device = json.loads(line)
    assert device["anonymous_id"] == "X"
    assert "customer_id" not in device


def test_products_in_texts_are_order_lines() -> None:
    products = [
        '{"sku":"YP1","quantity":"2","price":"10.50","name":"阿莫西林"}',
        '{"sku_id":"YP2","quantity":1,"price":5}',
    ]
    made = one({"event": "SubmitOrder", "login_id": "C1", "properties": {"order_id": "O1", "products": products}})
    assert made["lines"] == [
        {"sku_id": "YP1", "quantity": 2, "unit_price": "10.50"},
        {"sku_id": "YP2", "quantity": 1, "unit_price": 5},
    ]
    assert made["properties"]["products"] == [{"name": "阿莫西林"}, {}]
    as_text = {"order_id": "O1", "products": "[" + ",".join(products) + "]"}
    assert one({"event": "提交订单", "login_id": "C1", "properties": as_text})["lines"] == made["lines"]


def test_a_product_that_only_looks_like_json_is_left_for_ingest_to_refuse() -> None:
    made = one({"event": "SubmitOrder", "properties": {"order_id": "O1", "products": ['{"sku":', "x"]}})
    assert made["lines"] == ['{"sku":', "x"]


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("商品浏览", {"sku_id": "a"}, {"event_type": "view", "sku_id": "a"}),
        ("AddFavorite", {"sku_id": "a"}, {"event_type": "favorite", "sku_id": "a"}),
        ("取消收藏", {"sku_id": "a"}, {"event_type": "favorite", "action": "remove"}),
        ("SearchProduct", {"keyword": "阿莫西林"}, {"event_type": "search", "query": "阿莫西林"}),
        ("SearchResult", {"keyword": "x", "result_count": "0"}, {"event_type": "search_result", "result_count": 0}),
        ("ClickProduct", {"sku_id": "a", "position": "3"}, {"event_type": "click", "position": 3}),
        ("PayOrder", {"order_id": "O", "amount": "9.90"}, {"event_type": "order", "status": "paid", "amount": "9.90"}),
    ],
)
def test_names_that_shops_choose(name: str, properties: dict[str, Any], expected: dict[str, Any]) -> None:
    made = one({"event": name, "properties": properties})
    assert {key: made[key] for key in expected} == expected


def test_an_event_sent_again_has_the_same_id_and_another_event_another() -> None:
    first = one({})["event_id"]
    assert one({"_flush_time": 1795167999999})["event_id"] == first
    assert one({"time": 1795167000006})["event_id"] != first
    assert one({"distinct_id": "device-2"})["event_id"] != first


def test_without_a_track_id_equal_events_of_one_request_stay_apart() -> None:
    bare = {key: value for key, value in BROWSER_EVENT.items() if not key.startswith("_")}
    ids = [json.loads(line)["event_id"] for line in sent(bare, bare, {**bare, "time": 1}).lines]
    assert len(set(ids)) == 3
    assert ids == [json.loads(line)["event_id"] for line in sent(bare, bare, {**bare, "time": 1}).lines]


@pytest.mark.parametrize("moment", ["soon", 10**20, -(10**20), 1.5])
def test_a_time_that_is_none_goes_on_for_ingest_to_refuse(moment: object) -> None:
    assert str(one({"time": moment})["occurred_at"]).strip('"') in (
        str(moment),
        f"{moment:.1f}" if moment == 1.5 else str(moment),
    )


def test_profiles_are_ignored_and_other_names_kept_without_the_key() -> None:
    done = sent(
        {**BROWSER_EVENT, "type": "profile_set"},
        {**BROWSER_EVENT, "event": "$pageview", "token": "secret", "project": "secret"},
    )
    assert (done.lines, done.ignored_count, done.unmapped_names) == ([], 1, ["$pageview"])
    kept = msgspec.json.decode(done.unmapped[0], type=Unmapped)
    assert (kept.protocol, kept.source, kept.name, kept.received_at) == ("sensors", "web", "$pageview", RECEIVED_AT)
    assert kept.event_id is not None
    assert json.loads(bytes(kept.original)) == {**BROWSER_EVENT, "event": "$pageview"}


def test_one_bad_event_does_not_refuse_the_others() -> None:
    packed = base64.b64encode(b'[{"event":"\\ud800"}, 5, ' + json.dumps(BROWSER_EVENT).encode() + b"]")
    done = translate(b"data_list=" + quote(packed).encode())
    assert [json.loads(line).get("event_type") if b"{" in line else line for line in done.lines] == [None, b"5", "view"]


@pytest.mark.parametrize("key", ["data", "data_list"])
def test_an_event_with_a_key_twice_is_left_for_ingest_to_refuse(key: str) -> None:
    twice = b'{"event":"a","properties":{"x":1,"x":2},"project":"the-key"}'
    text = twice if key == "data" else b"[%b,%b]" % (twice, json.dumps(BROWSER_EVENT).encode())
    done = translate(f"{key}={quote(base64.b64encode(text))}".encode())
    assert done.lines[0] == twice.replace(b'"the-key"', b"null")
    assert len(done.lines) == (1 if key == "data" else 2)


def test_a_dry_run_gives_nothing() -> None:
    done = translate(f"data={quote(pack(BROWSER_EVENT))}".encode(), headers={"dry-run": "true"})
    assert (done.lines, done.unmapped) == ([], [])


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = base64.b64encode(gzip.compress(b"[" + b" " * 50_000_000 + b"]", compresslevel=9)).decode()
    with pytest.raises(TooLargeError, match="1,000,000"):
        translate(f"data_list={quote(bomb)}&gzip=1".encode(), max_bytes=1_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"data=",
        b"data=!!!",
        b"data=" + base64.b64encode(b"\x1f\x8bxx"),
        b"data=" + base64.b64encode(b"[{"),
        b"x=1",
    ],
)
def test_what_cannot_be_unpacked_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        translate(body)


def test_a_zip_that_was_cut_is_refused() -> None:
    whole = gzip.compress(json.dumps([BROWSER_EVENT] * 50).encode())
    with pytest.raises(UnreadableError, match="cut off"):
        translate(b"data_list=" + quote(base64.b64encode(whole[: len(whole) // 2])).encode())
