"""The exact path, second half: one line held to the contract, field by field, and its row or the reason why not.

The rules of the contract are walked in its order, once for each kind of reject, so that the first kind wins, and
within it the first field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.ingest.decoding.clock import Clock
from pipelines.ingest.decoding.exact_json import Json, parse_object
from pipelines.ingest.decoding.exact_values import FAULTS, TYPES, VALUES, describe
from pipelines.ingest.decoding.field_rules import FieldRule, event_rules, line_rules
from pipelines.ingest.decoding.reject import Reject
from pipelines.ingest.decoding.unknown_fields import merge_unknown, read_members
from schemas.events.contract import EVENT_TYPES, STATUS_THAT_NEEDS_LINES
from schemas.events.rejects import RejectKind

Row = dict[str, Any]
"""Values of the events table by column, but `event_date` and `landing_source`; instants in microseconds."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A value of the line that the contract knows: `field` is its top-level field, `where` the place in words."""

    field: str
    where: str
    kind: str
    rule: FieldRule
    value: Json


def read_line(raw: bytes, clock: Clock, max_line_bytes: int) -> Row | Reject:
    """The row of one line, or why it is refused."""
    event = parse_object(raw, max_line_bytes)
    if isinstance(event, Reject):
        return event
    event_type = event.get("event_type")
    if event_type is None:
        return Reject(RejectKind.MISSING_FIELD, "event_type is required; it is absent or null.", "event_type")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        reason = f"event_type is {describe(event_type)}; it must be one of {', '.join(EVENT_TYPES)}."
        return Reject(RejectKind.UNKNOWN_EVENT_TYPE, reason, "event_type")
    rules = event_rules(event_type)
    parts = list(_parts(event, rules))
    reject = _find_missing(event, rules) or _find_wrong_type(parts) or _find_out_of_range(parts)
    if reject:
        return reject
    row = _row(event, rules)
    reject = _find_bad_time(event, row, rules) or _correct_time(row, clock)
    if reject:
        return reject
    row["properties"] = _properties(raw, event, rules)
    return row


def _parts(
    values: Mapping[str, Json], rules: tuple[FieldRule, ...], of: tuple[str, str] | None = None
) -> Iterator[_Part]:
    """Every value that is there, in the contract's order; what is inside a list after the list."""
    for rule in rules:
        value = values.get(rule.name)
        if value is None:
            continue
        field, where = (rule.name, rule.name) if of is None else (of[0], f"{of[1]}.{rule.name}")
        yield _Part(field, where, rule.kind, rule, value)
        if rule.kind in _ITEM_KINDS and isinstance(value, list):
            for index, item in enumerate(value):
                yield _Part(field, f"{where}[{index}]", _ITEM_KINDS[rule.kind], rule, item)
                if rule.kind == "lines" and isinstance(item, dict):
                    yield from _parts(item, line_rules(), (field, f"{where}[{index}]"))


_ITEM_KINDS = {"texts": "text", "lines": "line"}


def _find_missing(event: Mapping[str, Json], rules: tuple[FieldRule, ...]) -> Reject | None:
    for rule in rules:
        value = event.get(rule.name)
        if value is None and rule.is_required:
            return _missing(rule.name, f"{rule.name} is required for {event['event_type']}; it is absent or null.")
        names = (rule.name, *rule.alternatives)
        if rule.alternatives and all(event.get(name) is None for name in names):
            return _missing(rule.name, f"One of {' and '.join(names)} is required; both are absent or null.")
        if rule.kind == "lines":
            if (value is None or value == []) and event.get("status") == STATUS_THAT_NEEDS_LINES:
                return _missing(rule.name, f"{rule.name} are required when an order is {STATUS_THAT_NEEDS_LINES}.")
            for index, line in enumerate(value if isinstance(value, list) else []):
                for each in line_rules():
                    if isinstance(line, dict) and each.is_required and line.get(each.name) is None:
                        where = f"{rule.name}[{index}].{each.name}"
                        return _missing(rule.name, f"{where} is required; it is absent or null.")
    return None


def _missing(field: str, reason: str) -> Reject:
    return Reject(RejectKind.MISSING_FIELD, reason, field)


def _find_wrong_type(parts: list[_Part]) -> Reject | None:
    for part in parts:
        is_right, wanted = TYPES[part.kind]
        if not is_right(part.value):
            reason = f"{part.where} is {describe(part.value)}; it must be {wanted}."
            return Reject(RejectKind.WRONG_TYPE, reason, part.field)
    return None


def _find_out_of_range(parts: list[_Part]) -> Reject | None:
    for part in parts:
        fault = FAULTS[part.kind](part.rule, part.value) if part.kind in FAULTS else None
        if fault:
            return Reject(RejectKind.OUT_OF_RANGE, f"{part.where} {fault}.", part.field)
    return None


def _find_bad_time(event: Mapping[str, Json], row: Row, rules: tuple[FieldRule, ...]) -> Reject | None:
    for rule in rules:
        if rule.kind == "instant" and rule.name in row and row[rule.name] is None:
            shown = describe(event[rule.name])
            reason = f"{rule.name} is {shown}; it must be a real time in RFC 3339 with an offset."
            return Reject(RejectKind.BAD_TIME, reason, rule.name)
    return None


def _row(event: Mapping[str, Json], rules: tuple[FieldRule, ...]) -> Row:
    row: Row = {rule.name: VALUES[rule.kind](event[rule.name]) for rule in rules if event.get(rule.name) is not None}
    row.update({rule.name: rule.default for rule in rules if rule.name not in row and rule.default is not None})
    return row | {"event_type": event["event_type"]}


def _correct_time(row: Row, clock: Clock) -> Reject | None:
    """Set `client_at` and the corrected `occurred_at`, or say why the latter is out of bounds."""
    row["client_at"] = row["occurred_at"]
    row["occurred_at"] = clock.correct(row["client_at"], row.get("sent_at"), row.get("received_at"))
    fault = clock.find_fault(row["occurred_at"], row.get("received_at"))
    if fault is None:
        return None
    corrected = "" if row["client_at"] == row["occurred_at"] else ", corrected by the client's clock,"
    return Reject(RejectKind.TIME_OUT_OF_BOUNDS, f"occurred_at{corrected} lies {fault}.", "occurred_at")


def _properties(raw: bytes, event: Mapping[str, Json], rules: tuple[FieldRule, ...]) -> str | None:
    """The JSON text of `properties`, with the fields that the contract does not know."""
    kept = event.keys() - {rule.name for rule in rules} - {"event_type"}
    for rule in rules:
        if rule.kind == "lines" and _have_unknown(event.get(rule.name)):
            kept.add(rule.name)
    if event.get("properties") is None and not kept:
        return None
    merged = merge_unknown(read_members(raw), [name for name in event if name in kept])
    return None if merged is None else merged.decode()


def _have_unknown(lines: Json) -> bool:
    """Whether order lines have fields of their own. They have no column: then the lines are kept whole, as sent."""
    known = {rule.name for rule in line_rules()}
    return isinstance(lines, list) and any(isinstance(line, dict) and line.keys() - known for line in lines)
