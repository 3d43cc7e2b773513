"""A published version of the contract gains optional fields and changes in no other way."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.events.contract import EVENT_TYPES
from schemas.generate.__main__ import main
from schemas.generate.artefacts import PUBLISHED, promises_broken, write_files
from schemas.generate.json_schema import event_schema
from schemas.generate.published import broken_promises, promise

ROOT = Path(__file__).parents[3]
PUBLISHED_NOW = {name: promise(event_schema(name)) for name in EVENT_TYPES}


def after(change: Callable[[dict[str, Any]], object]) -> list[str]:
    declared = deepcopy(PUBLISHED_NOW)
    change(declared)
    return broken_promises(PUBLISHED_NOW, declared)


def test_the_declarations_keep_what_has_been_published() -> None:
    assert promises_broken(ROOT) == []


def test_words_are_no_promise() -> None:
    schema = event_schema("view")
    reworded = deepcopy(schema)
    reworded["description"] = reworded["properties"]["sku_id"]["description"] = "Said better"
    assert promise(reworded) == promise(schema)


def test_a_field_may_be_named_like_a_word() -> None:
    assert "title" in promise({"properties": {"title": {"type": "string"}}})["properties"]


def test_an_optional_field_may_be_added() -> None:
    assert after(lambda now: now["view"]["properties"].update(brand_id={"type": ["string", "null"]})) == []


def test_an_optional_field_may_be_added_to_an_order_line() -> None:
    line = ("properties", "lines", "items", "properties")
    assert after(lambda now: inside(now["order"], *line).update(batch={"type": ["string", "null"]})) == []


def inside(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    for name in path:
        schema = schema[name]
    return schema


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda now: now["view"]["properties"].pop("price"), ["view.price: the field is gone"]),
        (
            lambda now: now["view"]["properties"]["sku_id"].update(maxLength=300),
            ["view.sku_id: maxLength was 256, is now 300"],
        ),
        (
            lambda now: now["click"]["properties"]["position"].update(type="string"),
            ["click.position: type was ['integer', 'null'], is now 'string'"],
        ),
        (lambda now: now["view"]["required"].append("price"), ["view.price: was optional, is now required"]),
        (
            lambda now: (now["view"]["properties"].update(brand_id={}), now["view"]["required"].append("brand_id")),
            ["view.brand_id: was optional, is now required"],
        ),
        (lambda now: now["search"]["required"].remove("query"), ["search.query: was required, is no longer"]),
        (
            lambda now: inside(now["order"], "properties", "lines", "items")["required"].append("discount"),
            ["order.lines[].discount: was optional, is now required"],
        ),
        (
            lambda now: now["search"]["properties"]["channel"].pop("default"),
            ["search.channel: default was 'web', is now None"],
        ),
        (lambda now: now.pop("click"), ["click: the event type is gone"]),
        (lambda now: now.update(refund={}), ["refund: a new event type"]),
    ],
)
def test_anything_else_is_a_broken_promise(change: Callable[[dict[str, Any]], object], said: list[str]) -> None:
    assert after(change) == said


def test_a_rule_over_several_fields_may_not_change() -> None:
    [broken] = after(lambda now: now["order"]["allOf"].pop())
    assert broken.startswith("order: allOf was ")


def test_generate_writes_nothing_when_a_promise_would_be_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path)
    published = json.loads((tmp_path / PUBLISHED).read_text(encoding="utf-8"))
    published["event_types"]["view"]["properties"]["colour"] = {"type": "string"}
    (tmp_path / PUBLISHED).write_text(json.dumps(published), encoding="utf-8")
    (tmp_path / "docs/events.md").unlink()

    assert main([], tmp_path) == 1

    assert capsys.readouterr().out == (
        "view.colour: the field is gone: a published version never changes; undo it, or declare a new version\n"
    )
    assert not (tmp_path / "docs/events.md").exists()
