"""The compiled mapping of one source and protocol, and what it makes of one event of a client."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipelines.collector.protocols.field_ways import (
    FieldWay,
    Node,
    Places,
    compile_paths,
    compile_ways,
    copy_of,
    list_of_objects,
    text_of,
)
from pipelines.collector.protocols.mapping import EventRule, Fields, Paths, ProtocolMapping
from pipelines.collector.protocols.values import NOTHING, Value
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


class FieldSet:
    """Several fields of one object: an event, or an order line."""

    def __init__(self, ways: Fields, kinds: dict[str, FieldKind]) -> None:
        """Compile ways that `load_mapping` has checked."""
        self.places = Places()
        self._fields: list[tuple[str, Value | None, list[FieldWay]]] = [
            (name, *compile_ways(way, kinds[name], self.places)) for name, way in ways.items() if name in kinds
        ]

    def fill(self, made: dict[str, object], nodes: list[Node]) -> list[tuple[Node, str]]:
        """Add the fields to `made`. Returns what moved into them: the object and the key of each value."""
        moved: list[tuple[Node, str]] = []
        for name, constant, ways in self._fields:
            for place, key, take, moves in ways:
                found = nodes[place].get(key)
                if found is None:
                    continue
                text = bytes(found) if type(found) is Value else _encode(found)
                if text in NOTHING:
                    continue
                value = take(text)
                if value is not None:
                    made[name] = found if value is text else Value(value)
                    if moves:
                        moved.append((nodes[place], key))
                    break
            else:
                if constant is not None:
                    made[name] = constant
        return moved


class Rule:
    """One `[[event]]`, compiled."""

    def __init__(self, rule: EventRule, mapping: ProtocolMapping) -> None:
        """Compile a rule that `load_mapping` has checked."""
        ways = ways_of(rule, mapping)
        lines = ways.pop(LINES, None)
        self.event_type = rule.type
        self.requires = rule.requires
        self.fields = FieldSet(ways, event_fields(rule.type))
        self.lines = [] if lines is None else compile_paths(_paths(lines), self.fields.places)
        self.line_fields = FieldSet({**mapping.line, **rule.line}, line_fields())

    def make(self, event: Node, head: EventHead, envelope_key: str, *, is_last: bool) -> bytes | None:
        """The event as a line; None where a required field is missing. The last rule of a name uses the event up."""
        made: dict[str, object] = {
            "event_id": Value(head.event_id),
            "event_type": _EVENT_TYPE[self.event_type],
            "occurred_at": Value(head.occurred_at),
            "received_at": Value(head.received_at),
        }
        if head.sent_at is not None:
            made["sent_at"] = Value(head.sent_at)
        if not is_last or self.requires:
            event = copy_of(event)
        nodes = self.fields.places.open(event)
        moved = self.fields.fill(made, nodes)
        for name in self.requires:
            if name not in made:
                return None
        if "buyer_id" in made and "customer_id" in made and text_of(made["buyer_id"]) == text_of(made["customer_id"]):
            del made["buyer_id"]  # one id for both: the company's
        for node, key in moved:
            node.pop(key, None)
        if self.lines:
            self._add_lines(made, nodes)
        made["properties"] = _properties(event, envelope_key)
        return _encode(made)

    def _add_lines(self, made: dict[str, object], nodes: list[Node]) -> None:
        """The order lines; what they do not take stays where the products stood, in the same order."""
        for place, key in self.lines:
            found = nodes[place].get(key)
            items = None if found is None else list_of_objects(text_of(found))
            if items is None:
                continue
            lines: list[object] = []
            for item in items:
                if type(item) is dict:
                    line: dict[str, object] = {}
                    for node, moved_key in self.line_fields.fill(line, self.line_fields.places.open(item)):
                        node.pop(moved_key, None)
                    lines.append(line)
                else:
                    lines.append(item)
            made[LINES] = lines
            rests = [item if type(item) is dict else {} for item in items]
            if any(rests):
                nodes[place][key] = rests
            else:
                del nodes[place][key]
            return


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
        """The lines of one event, which is used up; none where its name maps to nothing."""
        lines: list[bytes] = []
        rules = self.rules.get(name, ())
        for number, rule in enumerate(rules, 1):
            line_head = head if not lines else head._replace(event_id=_id_of_another(head.event_id, rule.event_type))
            line = rule.make(event, line_head, envelope_key, is_last=number == len(rules))
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
    digest = hashlib.blake2b(b"\0".join(texts), digest_size=16)
    return b'"%b"' % digest.hexdigest().encode()


def counted_id(event_id: bytes, seen: Counter[bytes]) -> bytes:
    """The id of an event that another of its request may equal in all it says: the second is told apart by its number."""
    seen[event_id] += 1
    return event_id if seen[event_id] == 1 else content_id((event_id, b"%d" % seen[event_id]))


def _id_of_another(event_id: bytes, event_type: str) -> bytes:
    """The id of the second event of one message: the same whenever the message comes again."""
    return content_id((event_id, event_type.encode()))


def _properties(left: Node, envelope_key: str) -> Node:
    """The client's properties, and beside them all else it said."""
    properties = left.pop("properties", None)
    if type(properties) is not dict:
        if properties is not None and text_of(properties) != b"null":
            left["properties"] = properties
        properties = {}
    if left:
        while envelope_key in properties:
            envelope_key += "_"
        properties[envelope_key] = left
    return properties


def _paths(ways: object) -> Paths:
    assert isinstance(ways, str | list)  # load_mapping checked it
    return ways
