"""What is wrong with a mapping: every table is read by itself, so that one mistake does not hide another."""

from typing import Any

import msgspec

from pipelines.collector.protocols.mapping import EventRule, FieldWays, ProtocolMapping, Taken, Way, extend
from pipelines.collector.protocols.rulebook import LINES, SET_BY_PROTOCOL, ways_of
from pipelines.imports.contract_kinds import FieldKind, event_fields, line_fields, shared_fields
from pipelines.imports.mapping_errors import suggest
from schemas.events.contract import EVENT_TYPES


def check_protocol(said: Any, protocol: str, base: ProtocolMapping) -> tuple[ProtocolMapping, list[str]]:
    """A source's mapping over `base`, and what is wrong with it."""
    check = _Check(protocol)
    own = check.protocol(said)
    whole = extend(base, own)
    if not check.mistakes:
        for number, rule in enumerate(own.event, 1):
            check.completeness(rule, whole, f"[[{protocol}.event]] {number}")
    return whole, check.mistakes


class _Check:
    """Collects mistakes; whatever cannot be read is left out of what it hands back."""

    def __init__(self, protocol: str) -> None:
        self.name = protocol
        self.mistakes: list[str] = []

    def protocol(self, said: Any) -> ProtocolMapping:
        """Read one protocol's tables, each by itself, so that one mistake does not hide another."""
        if not isinstance(said, dict):
            self.mistakes.append(f"{self.name}: must be a table, written [{self.name}]")
            return ProtocolMapping()
        self._keys(said, ProtocolMapping, f"[{self.name}]")
        shared = {**shared_fields()}
        mapping = ProtocolMapping(
            ignore=self._read(said.get("ignore", []), list[str], f"[{self.name}] ignore") or [],
            fields=self._fields(said.get("fields", {}), shared, f"[{self.name}.fields]", "an event"),
            line=self._fields(said.get("line", {}), line_fields(), f"[{self.name}.line]", "an order line"),
        )
        for event_type, fields in (
            self._read(said.get("types", {}), dict[str, Any], f"[{self.name}.types]") or {}
        ).items():
            where = f"[{self.name}.types.{event_type}]"
            if self._is_type(event_type, where):
                mapping.types[event_type] = self._event_fields(fields, event_type, where)
        events = self._read(said.get("event", []), list[Any], f"[[{self.name}.event]]") or []
        for number, event in enumerate(events, 1):
            rule = self._rule(event, f"[[{self.name}.event]] {number}")
            if rule is not None:
                mapping.event.append(rule)
        return mapping

    def _rule(self, said: Any, where: str) -> EventRule | None:
        before = len(self.mistakes)
        if not isinstance(said, dict):
            self.mistakes.append(f"{where}: must be a table")
            return None
        self._keys(said, EventRule, where)
        for key in ("name", "type"):
            if key not in said:
                self.mistakes.append(f"{where}: the key {key!r} is missing")
        names = self._read(said.get("name", "?"), str | list[str], f"{where} name")
        if names in ("", []):
            self.mistakes.append(f"{where} name: is empty")
        event_type = said.get("type", "view")
        if not self._is_type(event_type, f"{where} type"):
            return None
        fields = self._event_fields(said.get("fields", {}), event_type, f"{where} fields")
        line = self._fields(said.get("line", {}), line_fields(), f"{where} line", "an order line")
        requires = self._read(said.get("requires", []), list[str], f"{where} requires") or []
        for name in requires:
            self._is_field(name, _fields_of(event_type), f"{where} requires", f"a {event_type}")
        if len(self.mistakes) > before:
            return None
        return EventRule(name=names, type=event_type, requires=requires, fields=fields, line=line)

    def completeness(self, rule: EventRule, mapping: ProtocolMapping, where: str) -> None:
        """A rule needs a way to every field that its type requires."""
        ways = ways_of(rule, mapping)
        for name, kind in _fields_of(rule.type).items():
            if kind.is_required and name not in ways:
                self.mistakes.append(f"{where} fields: {name} is missing; every {rule.type} needs it")
        if rule.line and rule.type != "order":
            self.mistakes.append(f"{where} line: only an order has lines, not a {rule.type}")

    def _event_fields(self, said: Any, event_type: str, where: str) -> dict[str, FieldWays]:
        fields: Any = dict(said) if isinstance(said, dict) else said
        lines = fields.pop(LINES, None) if event_type == "order" and type(fields) is dict else None
        read = self._fields(fields, _fields_of(event_type), where, f"a {event_type}")
        if lines is not None:
            paths = self._read(lines, str | list[str], f"{where}.{LINES}")
            if paths:
                read[LINES] = paths
        return read

    def _fields(self, said: Any, known: dict[str, FieldKind], where: str, who: str) -> dict[str, FieldWays]:
        read: dict[str, FieldWays] = {}
        for name, ways in (self._read(said, dict[str, Any], where) or {}).items():
            if not self._is_field(name, known, where, who):
                continue
            value = self._read(ways, FieldWays, f"{where}.{name}")
            if value is not None and self._is_sound(value, known[name], f"{where}.{name}"):
                read[name] = value
        return read

    def _is_sound(self, ways: FieldWays, kind: FieldKind, where: str) -> bool:
        before = len(self.mistakes)
        for way in ways if isinstance(ways, list) else [ways]:
            for path in _paths_of(way):
                if "" in path.split("."):
                    self.mistakes.append(f"{where}: {path!r} is no path; join the keys from the top by single dots")
            if isinstance(way, Taken):
                if (way.from_ is None) == (way.value is None):
                    self.mistakes.append(f"{where}: give either from, the path of a value, or value, a constant")
                elif way.value is not None and (way.map is not None or way.each is not None):
                    self.mistakes.append(f"{where}: map and each go with from, not with a constant")
                if way.each is not None and kind.kind != "texts":
                    self.mistakes.append(f"{where}: each makes a list, and {kind.name} is none")
                for said in [way.value, *(way.map or {}).values()]:
                    if kind.choices and said is not None and said not in kind.choices:
                        self.mistakes.append(f"{where}: {said!r} is none of {', '.join(kind.choices)}")
        return len(self.mistakes) == before

    def _is_field(self, name: str, known: dict[str, FieldKind], where: str, who: str) -> bool:
        if name in SET_BY_PROTOCOL:
            self.mistakes.append(f"{where}.{name}: is taken from where the protocol has it; no mapping sets it")
        elif name not in known:
            names = [each for each in known if each not in SET_BY_PROTOCOL]
            self.mistakes.append(f"{where}: unknown field {name!r} of {who}; {suggest(name, names)}")
        else:
            return True
        return False

    def _is_type(self, event_type: Any, where: str) -> bool:
        if event_type in EVENT_TYPES:
            return True
        self.mistakes.append(f"{where}: {event_type!r} is no event type; {suggest(str(event_type), list(EVENT_TYPES))}")
        return False

    def _keys(self, said: dict[str, Any], shape: type[msgspec.Struct], where: str) -> None:
        known = list(shape.__struct_encode_fields__)
        self.mistakes += [f"{where}: unknown key {key!r}; {suggest(key, known)}" for key in said if key not in known]

    def _read(self, said: Any, shape: Any, where: str) -> Any:
        try:
            return msgspec.convert(said, shape)
        except msgspec.ValidationError as error:
            self.mistakes.append(f"{where}: {error}")
            return None


def _paths_of(way: Way) -> list[str]:
    if isinstance(way, str):
        return [way]
    both = (way.from_ or [], way.each or [])
    return [path for paths in both for path in ([paths] if isinstance(paths, str) else paths)]


def _fields_of(event_type: str) -> dict[str, FieldKind]:
    """The fields a mapping may fill for a type."""
    return {name: kind for name, kind in event_fields(event_type).items() if name not in SET_BY_PROTOCOL}
