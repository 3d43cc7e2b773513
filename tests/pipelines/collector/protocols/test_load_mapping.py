import json
from pathlib import Path

import pytest

from pipelines.collector.protocols.load_mapping import load_mappings, shipped_mapping
from pipelines.collector.protocols.mapping import PROTOCOLS
from pipelines.collector.protocols.segment import translate_call
from pipelines.collector.protocols.translation import Request
from schemas.errors import UsageError
from schemas.events.contract import EVENT_TYPES


def made(folder: Path, event: dict[str, object], source: str = "shop") -> list[dict[str, object]]:
    body = json.dumps({"messageId": "m", "userId": "C", **event}).encode()
    request = Request(path="/v1/track", body=body, received_at="2026-11-20T09:30:00Z", source=source)
    return [json.loads(line) for line in translate_call(request, load_mappings(folder).of(source)).lines]


def write(folder: Path, text: str, name: str = "shop.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_defaults_know_all_six_types(protocol: str) -> None:
    assert {rule.type for rule in shipped_mapping(protocol).event} == set(EVENT_TYPES)


def test_three_lines_give_a_name_a_meaning(tmp_path: Path) -> None:
    folder = write(tmp_path, '[[segment.event]]\nname = "查看商品"\ntype = "view"\n')
    event = {"event": "查看商品", "properties": {"sku": "YP1"}}
    assert [each["sku_id"] for each in made(folder, event)] == ["YP1"]
    assert made(folder, event, source="another") == []
    assert made(folder, {"event": "Product Viewed", "properties": {"sku": "a"}})


def test_a_field_of_a_type_may_stand_elsewhere(tmp_path: Path) -> None:
    folder = write(tmp_path, '[segment.types.view]\nsku_id = "properties.货号"\n')
    (event,) = made(folder, {"event": "Product Viewed", "properties": {"货号": 77, "price": 5}})
    assert (event["sku_id"], event["price"]) == ("77", 5)


def test_an_own_rule_takes_the_place_of_the_default_for_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path, '[[segment.event]]\nname = "Product Viewed"\ntype = "click"\n')
    assert [each["event_type"] for each in made(folder, {"event": "Product Viewed", "properties": {"sku": "a"}})] == [
        "click"
    ]


def test_a_table_of_words(tmp_path: Path) -> None:
    text = """
[[segment.event]]
name = "订单状态"
type = "order"
fields.status = { from = "properties.状态", map = { "已付款" = "paid", "7" = "shipped" } }
"""
    folder = write(tmp_path, text)
    for said, status in (("已付款", "paid"), (7, "shipped"), ("未知", "未知")):
        (event,) = made(folder, {"event": "订单状态", "properties": {"order_id": "O", "状态": said}})
        assert event["status"] == status
        assert event["properties"]["状态"] == said or said == "未知"  # type: ignore[index]


def test_a_call_that_is_ignored_can_be_mapped(tmp_path: Path) -> None:
    text = '[[segment.event]]\nname = "identify"\ntype = "view"\nfields.sku_id = "traits.last_sku"\n'
    event = {"type": "identify", "traits": {"last_sku": "a"}}
    assert made(tmp_path, event) == []
    assert [each["sku_id"] for each in made(write(tmp_path, text), event)] == ["a"]


def test_names_can_be_ignored(tmp_path: Path) -> None:
    folder = write(tmp_path, '[segment]\nignore = ["Product Viewed"]\n')
    assert made(folder, {"event": "Product Viewed", "properties": {"sku": "a"}}) == []


MISTAKES = {
    "is not TOML": "[segment",
    "unknown key 'sgment'; did you mean segment?": "[sgment]",
    "[segment]: unknown key 'evnet'; did you mean event?": "[[segment.evnet]]",
    "[[segment.event]] 1: the key 'type' is missing": '[[segment.event]]\nname = "x"',
    "[[segment.event]] 1: the key 'name' is missing": '[[segment.event]]\ntype = "view"',
    "[[segment.event]] 1 type: 'veiw' is no event type; did you mean view?": (
        '[[segment.event]]\nname = "x"\ntype = "veiw"'
    ),
    "[[sensors.event]] 1 fields: unknown field 'sku' of a view; did you mean sku_id?": (
        '[[sensors.event]]\nname = "x"\ntype = "view"\nfields.sku = "properties.x"'
    ),
    "[[segment.event]] 1 fields: status is missing; every order needs it": (
        '[[segment.event]]\nname = "x"\ntype = "order"'
    ),
    "[segment.types.views]: 'views' is no event type": "[segment.types.views]",
    "[segment.fields].event_id: is taken from where the protocol has it": '[segment.fields]\nevent_id = "messageId"',
    "[segment.types.view].sku_id: 'properties..sku' is no path": '[segment.types.view]\nsku_id = "properties..sku"',
    "[segment.types.view].sku_id: give either from": "[segment.types.view]\nsku_id = { map = { a = 'b' } }",
    "[segment.types.view].sku_id: each makes a list": '[segment.types.view]\nsku_id = { from = "a", each = "b" }',
    "'payed' is none of approved, cancelled, paid": (
        '[[segment.event]]\nname = "x"\ntype = "order"\nfields.status = { value = "payed" }'
    ),
    "[[segment.event]] 1 line: only an order has lines": (
        '[[segment.event]]\nname = "x"\ntype = "view"\nline.quantity = "q"'
    ),
    "[segment] ignore: Expected `array`": '[segment]\nignore = "x"',
    "[segment.line]: unknown field 'qty' of an order line": '[segment.line]\nqty = "quantity"',
    "requires: unknown field 'count' of a search_result": (
        '[[segment.event]]\nname = "x"\ntype = "search_result"\nrequires = ["count"]'
    ),
}


@pytest.mark.parametrize(("expected", "text"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_is_said_in_one_line(tmp_path: Path, expected: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_mappings(write(tmp_path, text))
    assert expected in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert "shop.toml" in str(caught.value)


def test_every_mistake_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, '[[segment.event]]\nname = "x"\ntype = "veiw"\n[sensors.fields]\nchanel = "x"\n', "a.toml")
    write(tmp_path, "[segment", "b.toml")
    (tmp_path / "c.toml").write_bytes(b"\xff")
    write(tmp_path, "", "Großhandel.toml")
    with pytest.raises(UsageError) as caught:
        load_mappings(tmp_path)
    said = str(caught.value).splitlines()
    assert [Path(line.split(":")[0].split(" is not")[0]).name for line in said] == [
        "Großhandel.toml", "a.toml", "a.toml", "b.toml", "c.toml",
    ]  # fmt: skip


def test_a_folder_that_does_not_exist_gives_the_defaults(tmp_path: Path) -> None:
    assert made(tmp_path / "none", {"event": "Product Viewed", "properties": {"sku": "a"}})
