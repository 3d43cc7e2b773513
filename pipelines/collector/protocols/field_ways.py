"""The ways of a mapping, compiled for the hot path: where a value stands, and how it becomes a field's.

The objects that any way leads into are opened once an event (`Places.open`); a way is then a place, a key and a function
of what stands there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from pipelines.collector.protocols.mapping import FieldWays, Paths, Taken, Way
from pipelines.collector.protocols.values import CONVERT, NOTHING, Convert, Value
from pipelines.imports.contract_kinds import FieldKind
from pipelines.unique_keys import has_repeated_key

Node = dict[str, Any]
"""An object of a client's event: its values as `Value`, or as `Node` once somebody has looked inside."""

Steps = tuple[str, ...]

read_node = msgspec.json.Decoder(dict[str, Value]).decode
_read_list = msgspec.json.Decoder(list[Value]).decode
_read_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode
_NO_NODE: Node = {}


Take = Callable[[bytes], bytes | None]


class FieldWay(NamedTuple):
    """One way to make a field. `take` gets the value's text, which is something, and may still find nothing in it.

    What it gives back is the same object where nothing had to be mended.
    """

    place: int
    key: str
    take: Take
    moves: bool
    """Whether the value leaves its place for the field, so that it is not kept a second time."""


class Places:
    """The objects that the ways of a rule lead into; the first is the event itself."""

    def __init__(self) -> None:
        """Knows the event alone."""
        self._numbers: dict[Steps, int] = {(): 0}
        self._openings: list[tuple[int, str]] = []

    def number(self, steps: Steps) -> int:
        """The number of the object at a path."""
        found = self._numbers.get(steps)
        if found is None:
            above = self.number(steps[:-1])
            self._openings.append((above, steps[-1]))
            found = self._numbers[steps] = len(self._numbers)
        return found

    def open(self, event: Node) -> list[Node]:
        """The objects by their numbers, each opened in its place; an empty one where there is none."""
        nodes = [event]
        for above, key in self._openings:
            nodes.append(open_child(nodes[above], key) or _NO_NODE)
        return nodes


def node_or_text(text: bytes) -> Node | bytes:
    """An object, or the text of what is none, or holds a key twice: which of the two counts would be a guess."""
    try:
        node: Node = read_node(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text
    return text if has_repeated_key(text) else node


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


def copy_of(node: Node) -> Node:
    """A copy down to the last object that was opened."""
    return {key: copy_of(value) if type(value) is dict else value for key, value in node.items()}


def text_of(found: Any) -> bytes:
    """A value as JSON, opened or not."""
    return bytes(found) if type(found) is Value else _encode(found)


def compile_ways(ways: FieldWays, kind: FieldKind, places: Places) -> tuple[Value | None, list[FieldWay]]:
    """The ways of a field in their order, and the constant that ends them, if there is one."""
    compiled: list[FieldWay] = []
    for way in ways if isinstance(ways, list) else [ways]:
        if isinstance(way, Taken) and way.value is not None:
            constant = CONVERT[kind.kind](_encode(way.value))
            assert constant is not None  # a TOML value is no list
            return Value(constant), compiled
        compiled += _compile_way(way, CONVERT[kind.kind], places)
    return None, compiled


def compile_paths(paths: Paths, places: Places) -> list[tuple[int, str]]:
    """Places and keys of paths."""
    return [(places.number(steps[:-1]), steps[-1]) for steps in _each_path(paths)]


def _compile_way(way: Way, convert: Convert, places: Places) -> list[FieldWay]:
    take, moves, paths = _taker(way, convert)
    return [FieldWay(place, key, take, moves) for place, key in compile_paths(paths, places)]


def _taker(way: Way, convert: Convert) -> tuple[Take, bool, Paths]:
    if isinstance(way, str):
        return convert, True, way
    assert way.from_ is not None  # load_mapping checked it
    if way.each is not None:
        return _take_each(_each_path(way.each), convert), False, way.from_
    if way.map is not None:
        return _take_mapped(way, convert), False, way.from_
    return convert, True, way.from_


def _take_mapped(way: Taken, convert: Convert) -> Take:
    """Look a value up. The client's own word for it stays among the properties: the table may be wrong."""
    assert way.map is not None
    table = {key: convert(_encode(value)) for key, value in way.map.items()}
    keeps = way.map_else == "keep"

    def take(text: bytes) -> bytes | None:
        mapped = table.get(_read_text(text) if text[:1] == b'"' else text.decode())
        return convert(text) if mapped is None and keeps else mapped

    return take


def _take_each(members: list[Steps], convert: Convert) -> Take:
    """A list of one member of each object of a list. The objects stay where they are, for their other members."""

    def take(text: bytes) -> bytes | None:
        items = list_of_objects(text)
        if items is None:
            return None
        found = [_first_of(item, members) for item in items]
        return convert(b"[%b]" % b",".join(each for each in found if each is not None))

    return take


def _first_of(item: Node | Value, members: list[Steps]) -> bytes | None:
    if type(item) is not dict:
        return text_of(item)
    for steps in members:
        node: Node | None = item
        for key in steps[:-1]:
            node = open_child(node, key) if node is not None else None
        found = node.get(steps[-1]) if node is not None else None
        if found is not None and (text := text_of(found)) not in NOTHING:
            return text
    return None


def list_of_objects(text: bytes) -> list[Node | Value] | None:
    """The objects of a list. Sensors says them as JSON in texts, the whole list too; what is no object stays as it is."""
    text = _unwrapped(text)
    if text[:1] != b"[":
        return None
    try:
        items = _read_list(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # a text that only looks like JSON
        return None
    return [_object_or_value(item) for item in items]


def _unwrapped(text: bytes) -> bytes:
    """JSON inside a JSON text, taken out of it; all else as it is."""
    if text[:1] != b'"':
        return text
    inner = _read_text(text).encode()
    return inner if inner[:1] in (b"{", b"[") else text


def _object_or_value(item: Value) -> Node | Value:
    text = _unwrapped(bytes(item))
    if text[:1] != b"{":
        return item
    try:
        opened: Node = read_node(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # a text that only looks like JSON
        return item
    return opened


def _each_path(paths: Paths) -> list[Steps]:
    return [tuple(path.split(".")) for path in ([paths] if isinstance(paths, str) else paths)]
