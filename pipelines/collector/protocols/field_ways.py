"""The ways of a mapping, compiled: functions from a client's event to the value of one field of the contract."""

from collections.abc import Callable
from typing import Any

import msgspec

from pipelines.collector.protocols.mapping import FieldWays, Paths, Taken, Way
from pipelines.collector.protocols.values import CONVERT, NOTHING, Convert, Value
from pipelines.imports.contract_kinds import FieldKind

Node = dict[str, Any]
"""An object of a client's event: its values as `Value`, or as `Node` once somebody has looked inside."""

Steps = tuple[str, ...]
Make = Callable[[Node, list[Steps]], Value | None]
"""The field's value, if there is one; adds the path that it moved, so that it is not kept a second time."""

read_node = msgspec.json.Decoder(dict[str, Value]).decode
_read_list = msgspec.json.Decoder(list[Value]).decode
_read_text = msgspec.json.Decoder(str).decode


def find(node: Node, steps: Steps) -> Value | Node | None:
    """What stands at a path; objects on the way are opened in place."""
    for key in steps[:-1]:
        child = open_child(node, key)
        if child is None:
            return None
        node = child
    found: Value | Node | None = node.get(steps[-1])
    return found


def open_child(node: Node, key: str) -> Node | None:
    """The object under a key, opened in place; None where there is no object."""
    child = node.get(key)
    if child is None or type(child) is dict:
        return child
    text = bytes(child)
    if text[:1] != b"{":
        return None
    opened: Node = read_node(text)
    node[key] = opened
    return opened


def without(node: Node, paths: list[Steps]) -> Node:
    """The object without what stands at the paths; the object itself stays as it is."""
    left = dict(node)
    inner: dict[str, list[Steps]] = {}
    for steps in paths:
        if len(steps) == 1:
            left.pop(steps[0], None)
        else:
            inner.setdefault(steps[0], []).append(steps[1:])
    for key, rest in inner.items():
        if type(left.get(key)) is dict:
            left[key] = without(left[key], rest)
    return left


def steps_of(path: str) -> Steps:
    """A path of the mapping as its keys."""
    return tuple(path.split("."))


def each_path(paths: Paths) -> list[Steps]:
    """One path or several, as their keys."""
    return [steps_of(path) for path in ([paths] if isinstance(paths, str) else paths)]


def compile_ways(ways: FieldWays, kind: FieldKind) -> Make:
    """A function that tries the ways in turn."""
    convert = CONVERT[kind.kind]
    makes = [_compile_way(way, convert) for way in (ways if isinstance(ways, list) else [ways])]
    if len(makes) == 1:
        return makes[0]

    def make(node: Node, moved: list[Steps]) -> Value | None:
        for attempt in makes:
            value = attempt(node, moved)
            if value is not None:
                return value
        return None

    return make


def _compile_way(way: Way, convert: Convert) -> Make:
    if isinstance(way, str):
        return _take(steps_of(way), convert)
    if way.value is not None:
        constant = Value(convert(msgspec.json.encode(way.value)))
        return lambda _node, _moved: constant
    assert way.from_ is not None  # load_mapping checked it
    paths = each_path(way.from_)
    if way.each is not None:
        return _take_each(paths, each_path(way.each), convert)
    if way.map is not None:
        return _take_mapped(paths, way, convert)
    makes = [_take(steps, convert) for steps in paths]
    return lambda node, moved: next((value for make in makes if (value := make(node, moved)) is not None), None)


def _take(steps: Steps, convert: Convert) -> Make:
    """Move a value into the field."""
    if len(steps) == 1:
        (only,) = steps

        def make_top(node: Node, moved: list[Steps]) -> Value | None:
            found = node.get(only)
            if found is None:
                return None
            text = bytes(found) if type(found) is Value else msgspec.json.encode(found)
            if text in NOTHING:
                return None
            moved.append(steps)
            return Value(convert(text))

        return make_top

    def make(node: Node, moved: list[Steps]) -> Value | None:
        found = find(node, steps)
        if found is None:
            return None
        text = bytes(found) if type(found) is Value else msgspec.json.encode(found)
        if text in NOTHING:
            return None
        moved.append(steps)
        return Value(convert(text))

    return make


def _take_mapped(paths: list[Steps], way: Taken, convert: Convert) -> Make:
    """Look a value up. The client's own word for it stays among the properties: the table may be wrong."""
    assert way.map is not None
    table = {key: Value(convert(msgspec.json.encode(value))) for key, value in way.map.items()}
    keeps = way.map_else == "keep"

    def make(node: Node, _moved: list[Steps]) -> Value | None:
        for steps in paths:
            found = find(node, steps)
            if found is None or type(found) is dict:
                continue
            text = bytes(found)  # type: ignore[arg-type]
            if text in NOTHING:
                continue
            said = _read_text(text) if text[:1] == b'"' else text.decode()
            mapped = table.get(said)
            if mapped is not None:
                return mapped
            if keeps:
                return Value(convert(text))
        return None

    return make


def _take_each(paths: list[Steps], members: list[Steps], convert: Convert) -> Make:
    """A list of one member of each object of a list. The objects stay among the properties, for their other members."""

    def make(node: Node, _moved: list[Steps]) -> Value | None:
        for steps in paths:
            items = list_of_objects(find(node, steps))
            if items is None:
                continue
            found = [_first(item, members) for item in items]
            return Value(convert(b"[%b]" % b",".join(text for text in found if text is not None)))
        return None

    return make


def _first(item: Node | Value, members: list[Steps]) -> bytes | None:
    if type(item) is not dict:
        return bytes(item)  # type: ignore[arg-type]
    for steps in members:
        found = find(item, steps)
        if type(found) is Value and (text := bytes(found)) not in NOTHING:
            return text
    return None


def list_of_objects(found: Value | Node | None) -> list[Node | Value] | None:
    """The objects of a list. Sensors says them as JSON in texts, the whole list as well; what is none stays as it is."""
    if found is None or type(found) is dict:
        return None
    text = unwrap(bytes(found))  # type: ignore[arg-type]
    if text[:1] != b"[":
        return None
    return [_object_or_value(item) for item in _read_list(text)]


def unwrap(text: bytes) -> bytes:
    """JSON inside a JSON text, taken out of it; all else as it is."""
    if text[:1] != b'"':
        return text
    inner = _read_text(text).encode()
    return inner if inner[:1] in (b"{", b"[") else text


def _object_or_value(item: Value) -> Node | Value:
    text = unwrap(bytes(item))
    if text[:1] != b"{":
        return item
    try:
        opened: Node = read_node(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # a text that only looks like JSON
        return item
    return opened
