"""A whole mapping, checked against the event contract and compiled: what is wrong is said before any row is read."""

import codecs
from collections import Counter
from dataclasses import dataclass

from pipelines.imports.conditions import Test, compile_condition
from pipelines.imports.contract_kinds import FieldKind, event_fields, line_fields, shared_fields
from pipelines.imports.expressions import Compiler, MakeColumn
from pipelines.imports.field_sets import FieldSet, event_field_set, line_field_set, property_field_set
from pipelines.imports.mapping import EventMapping, Expression, Fields, FieldValue, Mapping
from pipelines.imports.mapping_errors import suggest
from pipelines.imports.readers.batch import ITEM_NUMBER, ROW_NUMBER
from pipelines.landing import SOURCE_NAME
from schemas.errors import UsageError
from schemas.events.contract import AT_LEAST_ONE, EVENT_TYPES, STATUS_THAT_NEEDS_LINES

_OWN_TABLES = {"properties": "[event.properties]", "lines": "[event.line]", "event_type": "type of [[event]]"}


@dataclass(frozen=True)
class CompiledEvent:
    """One `[[event]]`, ready to be made of batches of rows."""

    event_type: str
    label: str
    """Tells the events of one row apart in their ids: the type, and the place among the `[[event]]` of that type."""
    when: Test | None
    event_id: MakeColumn | None
    fields: FieldSet
    properties: FieldSet | None
    row_properties: FieldSet | None
    line: FieldSet | None
    key: MakeColumn | None
    key_name: str
    is_scattered: bool
    one_of_each: list[tuple[str, str]]
    head_columns: list[str]
    """The columns that an order takes from its first row."""


@dataclass(frozen=True)
class CompiledMapping:
    """A mapping, ready to run."""

    mapping: Mapping
    drops: list[tuple[str, Test]]
    events: list[CompiledEvent]
    columns: set[str]


def compile_mapping(mapping: Mapping) -> CompiledMapping:
    """Check and compile. Raises `UsageError` with the place in the file; the caller adds the file's name."""
    _check_input(mapping)
    columns: set[str] = set()
    drops = [
        (rule.name, compile_condition(rule.when, f"[[drop]] {number} when", columns))
        for number, rule in enumerate(mapping.drop, 1)
    ]
    for name in mapping.fields:
        _check_name(name, shared_fields(), "[fields]", "an event")
    places: Counter[str] = Counter()
    events = []
    for number, event in enumerate(mapping.event, 1):
        places[event.type] += 1
        label = f"{event.type}-{places[event.type]}"
        events.append(_compile_event(event, mapping, f"[[event]] {number}", label, columns))
    return CompiledMapping(mapping, drops, events, columns)


def _check_input(mapping: Mapping) -> None:
    if mapping.source is not None and not SOURCE_NAME.fullmatch(mapping.source):
        raise UsageError(f"source: {mapping.source!r}: use only a to z, 0 to 9, _ and -")
    settings = mapping.input
    if settings.encoding is not None:
        try:
            is_text = isinstance(codecs.getincrementaldecoder(settings.encoding)().decode(b""), str)
        except LookupError:
            is_text = False
        if not is_text:
            raise UsageError(f"[input] encoding: {settings.encoding!r} is none; such are utf-8, gb18030, cp1252")
    if settings.delimiter is not None and settings.delimiter in (settings.quote, "\n", "\r"):
        raise UsageError(f"[input] delimiter: {settings.delimiter!r} cannot part fields")
    if settings.columns is not None and len(set(settings.columns)) < len(settings.columns):
        raise UsageError("[input] columns: a name stands twice")


def _compile_event(event: EventMapping, mapping: Mapping, where: str, label: str, columns: set[str]) -> CompiledEvent:
    if event.type not in EVENT_TYPES:
        raise UsageError(f"{where} type: {event.type!r} is no event type; {suggest(event.type, list(EVENT_TYPES))}")
    known = event_fields(event.type)
    for name in event.fields:
        _check_name(name, known, f"{where} fields", f"a {event.type}")
    said = {**mapping.fields, **event.fields}
    _check_needed(event, said, known, where)
    heads, rows = Compiler(mapping.time), Compiler(mapping.time)
    fields = {name: heads.compile_field(value, known[name], f"{where} fields.{name}") for name, value in said.items()}
    event_id = fields.pop("event_id", None)
    properties = {**mapping.properties, **event.properties}
    of_rows = {name: value for name, value in properties.items() if _is_every_row(value)}
    if of_rows and event.group_by is None:
        raise UsageError(f"{where} properties.{next(iter(of_rows))}: every_row is for an event with group_by")
    of_heads = {name: value for name, value in properties.items() if name not in of_rows}
    group_by = [event.group_by] if isinstance(event.group_by, str) else event.group_by
    compiled = CompiledEvent(
        event_type=event.type,
        label=label,
        when=None if event.when is None else compile_condition(event.when, f"{where} when", columns),
        event_id=event_id,
        fields=event_field_set(event.type, fields),
        properties=property_field_set(_compile_properties(of_heads, heads, where)),
        row_properties=property_field_set(_compile_properties(of_rows, rows, where)),
        line=None if event.line is None else line_field_set(_compile_line(event.line, rows, f"{where} line")),
        key=None if group_by is None else rows.compile_key(group_by),
        key_name=" + ".join(group_by or []),
        is_scattered=group_by is not None and event.rows == "scattered",
        one_of_each=_one_of_each(event, said, where),
        head_columns=sorted(heads.columns - {ROW_NUMBER, ITEM_NUMBER, *(group_by or [])}),
    )
    columns |= heads.columns | rows.columns
    return compiled


def _check_needed(event: EventMapping, said: Fields, known: dict[str, FieldKind], where: str) -> None:
    """Refuse an event that lacks what the contract requires, or has what its type cannot."""
    for name, kind in known.items():
        if kind.is_required and name not in said and name != "event_id":
            raise UsageError(f"{where} fields: {name} is missing; every {event.type} needs it")
    if event.type != "order":
        for key in ("group_by", "line"):
            if getattr(event, key) is not None:
                raise UsageError(f"{where} {key}: only an order is made of several rows, not a {event.type}")
    elif event.line is None and said["status"] == STATUS_THAT_NEEDS_LINES:
        raise UsageError(f"{where}: a placed order needs its lines; add [event.line]")
    if event.group_by == []:
        raise UsageError(f"{where} group_by: names no column")


def _check_name(name: str, known: dict[str, FieldKind], where: str, who: str) -> None:
    if name in _OWN_TABLES:
        raise UsageError(f"{where}.{name}: goes into {_OWN_TABLES[name]}")
    if name not in known:
        raise UsageError(f"{where}: unknown field {name!r} of {who}; {suggest(name, list(known))}")


def _one_of_each(event: EventMapping, said: Fields, where: str) -> list[tuple[str, str]]:
    """Pairs of fields of which every event of this type must have one."""
    struct = EVENT_TYPES[event.type]
    pairs = [pair for owner, pair in AT_LEAST_ONE.items() if issubclass(struct, owner)]
    for first, second in pairs:
        if first not in said and second not in said:
            raise UsageError(f"{where} fields: give {first} or {second}; every {event.type} needs one of them")
    return pairs


def _compile_properties(said: Fields, compiler: Compiler, where: str) -> dict[str, MakeColumn]:
    return {name: compiler.compile_property(value, name, f"{where} properties.{name}") for name, value in said.items()}


def _compile_line(said: Fields, compiler: Compiler, where: str) -> dict[str, MakeColumn]:
    known = line_fields()
    for name in said:
        _check_name(name, known, where, "a line")
    for name, kind in known.items():
        if kind.is_required and name not in said:
            raise UsageError(f"{where}: {name} is missing; every line needs it")
    return {name: compiler.compile_field(value, known[name], f"{where}.{name}") for name, value in said.items()}


def _is_every_row(value: FieldValue) -> bool:
    return isinstance(value, Expression) and value.every_row
