"""The compiled mapping of one source and protocol, and what it makes of one event of a client."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipelines.collector.protocols.field_ways import (
    Make,
    Node,
    Steps,
    compile_ways,
    each_path,
    find,
    list_of_objects,
    without,
)
from pipelines.collector.protocols.mapping import EventRule, Fields, Paths, ProtocolMapping
from pipelines.collector.protocols.values import Value
from pipelines.imports.contract_kinds import FieldKind, event_fields, line_fields
from schemas.events.contract import EVENT_TYPES

LINES = "lines"
SET_BY_PROTOCOL = ("event_id", "occurred_at", "sent_at", "received_at")
"""Fields that no mapping fills: each protocol has one right answer."""

_encode = msgspec.json.Encoder().encode
_EVENT_TYPE = {name: Value(_encode(name)) for name in EVENT_TYPES}


class EventHead(NamedTuple):
    """What every line of an event starts with, as JSON values."""

    event_id: bytes
    occurred_at: bytes
    sent_at: bytes | None
    received_at: bytes


class Rule:
    """One `[[event]]`, compiled."""

    def __init__(self, rule: EventRule, mapping: ProtocolMapping) -> None:
        """Compile a rule that `load_mapping` has checked."""
        kinds = event_fields(rule.type)
        ways = ways_of(rule, mapping)
        lines = ways.pop(LINES, None)
        self.event_type = rule.type
        self.requires = rule.requires
        self.makes = _compile(ways, kinds)
        self.lines: list[Steps] = [] if lines is None else each_path(_paths(lines))
        self.line_makes = _compile({**mapping.line, **rule.line}, line_fields())

    def make(self, event: Node, head: EventHead, envelope_key: str) -> bytes | None:
        """The event as a line; None where a required field is missing. The event stays as it is."""
        made: dict[str, object] = {
            "event_id": Value(head.event_id),
            "event_type": _EVENT_TYPE[self.event_type],
            "occurred_at": Value(head.occurred_at),
            "received_at": Value(head.received_at),
        }
        if head.sent_at is not None:
            made["sent_at"] = Value(head.sent_at)
        moved: list[Steps] = []
        for name, make in self.makes:
            value = make(event, moved)
            if value is not None:
                made[name] = value
        for name in self.requires:
            if name not in made:
                return None
        buyer = made.get("buyer_id")
        if buyer is not None and bytes(buyer) == bytes(made.get("customer_id", b"")):  # type: ignore[call-overload]
            del made["buyer_id"]  # one id for both: the company's
        left = without(event, moved)
        for steps in self.lines:
            items = list_of_objects(find(event, steps))
            if items is not None:
                made[LINES] = self._lines(items, left, steps)
                break
        made["properties"] = _properties(left, envelope_key)
        return _encode(made)

    def _lines(self, items: list[Node | Value], left: Node, steps: Steps) -> list[object]:
        """The order lines; what they do not take stays where the products stood, in the same order."""
        lines: list[object] = []
        rests: list[object] = []
        for item in items:
            if type(item) is not dict:
                lines.append(item)
                rests.append({})
                continue
            moved: list[Steps] = []
            line = {name: value for name, make in self.line_makes if (value := make(item, moved)) is not None}
            lines.append(line)
            rests.append(without(item, moved))
        holder = without(left, [steps])
        node = holder
        for key in steps[:-1]:
            node = node[key]
        if any(rests):
            node[steps[-1]] = rests
        left.clear()
        left.update(holder)
        return lines


class Rulebook:
    """What the events of one protocol mean, for one source."""

    def __init__(self, mapping: ProtocolMapping) -> None:
        """Compile a mapping that `load_mapping` has checked."""
        self.ignored = frozenset(mapping.ignore)
        self.rules: dict[str, list[Rule]] = {}
        for event in mapping.event:
            compiled = Rule(event, mapping)
            for name in event.names:
                self.rules.setdefault(name, []).append(compiled)

    def lines(self, name: str, event: Node, head: EventHead, envelope_key: str) -> list[bytes]:
        """The lines of one event; none where its name maps to nothing."""
        lines: list[bytes] = []
        for rule in self.rules.get(name, ()):
            line_head = head if not lines else head._replace(event_id=_id_of_another(head.event_id, rule.event_type))
            line = rule.make(event, line_head, envelope_key)
            if line is not None:
                lines.append(line)
        return lines


class Rulebooks(NamedTuple):
    """What the events of a source mean, by protocol."""

    segment: Rulebook
    sensors: Rulebook


def ways_of(rule: EventRule, mapping: ProtocolMapping) -> Fields:
    """The fields of a rule with those of its type and of every event, the nearest first."""
    return {**mapping.fields, **mapping.types.get(rule.type, {}), **rule.fields}


def content_id(texts: Iterable[bytes]) -> bytes:
    """An event id made of what tells the event apart, as JSON."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        digest.update(text)
        digest.update(b"\0")
    return b'"%b"' % digest.hexdigest().encode()


def _id_of_another(event_id: bytes, event_type: str) -> bytes:
    """The id of the second event of one message: the same whenever the message comes again."""
    return content_id((event_id, event_type.encode()))


def _properties(left: Node, envelope_key: str) -> Node:
    """The client's properties, and beside them all else it said."""
    properties = left.pop("properties", None)
    if type(properties) is not dict:
        if properties is not None and bytes(properties) != b"null":
            left["properties"] = properties
        properties = {}
    if left:
        while envelope_key in properties:
            envelope_key += "_"
        properties[envelope_key] = left
    return properties


def _compile(ways: Fields, kinds: dict[str, FieldKind]) -> list[tuple[str, Make]]:
    return [(name, compile_ways(way, kinds[name])) for name, way in ways.items() if name in kinds]


def _paths(ways: object) -> Paths:
    assert isinstance(ways, str | list)  # load_mapping checked it
    return ways
