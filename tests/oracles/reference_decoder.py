"""The decoder as DESIGN section 2 says it, line by line, with the standard library alone.

Slow and obvious; shares no code with the one it judges.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracles.reference_contract import COLUMNS, COMMON, DEFAULTS, ID, LINE, LINE_REQUIRED, OWN, REQUIRED
from tests.oracles.reference_json import Fraction, RefusedError, Whole, member_texts, read_json


@dataclass(frozen=True)
class Limits:
    max_line_bytes: int = 1024 * 1024
    max_future_seconds: int = 300
    max_age_days: int = 400
    max_clock_skew_seconds: int = 600


@dataclass(frozen=True)
class Settings:
    first_byte: int
    landing_source: str
    time_zone: str
    ingested_at: datetime
    limits: Limits = Limits()


Row = dict[str, Any]


def reference_decode(block: bytes, settings: Settings) -> tuple[list[Row], list[Row]]:
    """Accepted rows with a value for every column, and rejects with byte_offset, kind, field and raw."""
    accepted: list[Row] = []
    rejects: list[Row] = []
    offset = settings.first_byte
    lines = block.split(b"\n")
    for raw in lines if lines[-1] else lines[:-1]:
        try:
            accepted.append(read_line(raw, settings))
        except RefusedError as refused:
            rejects.append({"byte_offset": offset, "kind": refused.kind, "field": refused.field, "raw": raw})
        offset += len(raw) + 1
    return accepted, rejects


def read_line(raw: bytes, settings: Settings) -> Row:
    text, event = read_json(raw, settings.limits.max_line_bytes)
    event_type = event.get("event_type")
    if event_type is not None and (not isinstance(event_type, str) or event_type not in OWN):
        raise RefusedError("unknown_event_type", "event_type")
    if event_type is None:
        raise RefusedError("missing_field", "event_type")
    fields = {**COMMON, **OWN[event_type]}
    find_missing(event, event_type, fields)
    given = [(name, rule, event[name]) for name, rule in fields.items() if event.get(name) is not None]
    for name, rule, value in given:
        if not has_type(rule, value):
            raise RefusedError("wrong_type", name)
    for name, rule, value in given:
        if not is_in_range(rule, value):
            raise RefusedError("out_of_range", name)
    row = dict.fromkeys(COLUMNS) | DEFAULTS
    if event_type == "favorite":
        row["action"] = "add"
    for name, rule, value in given:
        if rule[0] == "time" and (instant := read_time(value)) is None:
            raise RefusedError("bad_time", name)
        row[name] = instant if rule[0] == "time" else value_of(rule, value)
    row["event_type"], row["landing_source"] = event_type, settings.landing_source
    row["properties"] = properties_text(text, event, set(fields) | {"event_type"})
    correct_time(row, settings)
    return row


def find_missing(event: Row, event_type: str, fields: Row) -> None:
    def is_missing(name: str) -> bool:
        return event.get(name) is None

    for name in fields:
        if name in ["event_id", "occurred_at", *REQUIRED[event_type]] and is_missing(name):
            raise RefusedError("missing_field", name)
        if name == "customer_id" and is_missing("customer_id") and is_missing("anonymous_id"):
            raise RefusedError("missing_field", name)
        if name == "search_id" and event_type == "search_result" and is_missing("search_id") and is_missing("query"):
            raise RefusedError("missing_field", name)
        if name == "lines":
            if event.get("status") == "placed" and (is_missing("lines") or event["lines"] == []):
                raise RefusedError("missing_field", name)
            for line in event["lines"] if isinstance(event.get("lines"), list) else []:
                if isinstance(line, dict) and any(line.get(each) is None for each in LINE_REQUIRED):
                    raise RefusedError("missing_field", name)


MONEY = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"


def has_type(rule: tuple[Any, ...], value: Any) -> bool:
    match rule[0]:
        case "text" | "choice" | "time":
            return isinstance(value, str)
        case "object":
            return isinstance(value, dict)
        case "int":
            return isinstance(value, Whole)
        case "float":
            return isinstance(value, Whole | Fraction)
        case "money":
            return isinstance(value, Whole | Fraction) or (
                isinstance(value, str) and re.fullmatch(MONEY, value) is not None
            )
        case "ids":
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case "lines":
            return isinstance(value, list) and all(
                isinstance(line, dict)
                and all(line.get(name) is None or has_type(LINE[name], line[name]) for name in LINE)
                for line in value
            )
    raise AssertionError(rule)


def is_in_range(rule: tuple[Any, ...], value: Any) -> bool:
    match rule[0]:
        case "text":
            return bool(rule[1] <= len(unicodedata.normalize("NFC", value)) <= rule[2])
        case "choice":
            return value in rule[1:]
        case "int":
            return bool(rule[1] <= Decimal(value.text) <= rule[2])
        case "float":
            return 0 <= float(value.text) < float("inf")
        case "money":
            return money_of(value) is not None
        case "ids":
            return all(is_in_range(ID, each) for each in value)
        case "lines":
            return all(line.get(name) is None or is_in_range(LINE[name], line[name]) for line in value for name in LINE)
    return True


def money_of(value: Any) -> Decimal | None:
    text = value if isinstance(value, str) else value.text
    mantissa = re.split("[eE]", text)[0]
    if not re.search("[1-9]", mantissa):
        return Decimal("0.0000")
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than Decimal takes
        return None
    if number >= Decimal(10) ** 14 or number <= -(Decimal(10) ** 14):
        return None
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    shown = "".join(map(str, digits))
    significant = shown.rstrip("0")
    exponent += len(shown) - len(significant)
    if exponent < -4:
        return None
    return Decimal((sign, tuple(map(int, significant)), exponent))


def value_of(rule: tuple[Any, ...], value: Any) -> Any:
    match rule[0]:
        case "text" | "choice":
            return unicodedata.normalize("NFC", value)
        case "int":
            return int(value.text)
        case "float":
            return abs(float(value.text))
        case "money":
            return money_of(value)
        case "ids":
            return [unicodedata.normalize("NFC", each) for each in value]
        case "lines":
            return [
                {name: None if line.get(name) is None else value_of(LINE[name], line[name]) for name in LINE}
                for line in value
            ]
    return None


def properties_text(text: str, event: Row, known: set[str]) -> str | None:
    """`properties` as it was written, with the unknown fields, as they were written, at its end."""
    unknown = [name for name in event if name not in known]
    lines = event.get("lines") if "lines" in known else None
    if any(set(line) - set(LINE) for line in lines or []):
        unknown = [name for name in event if name not in known or name == "lines"]
    own = event.get("properties")
    if own is None and not unknown:
        return None
    members = member_texts(text)
    inside = members["properties"][1:-1] if own else ""
    if own is not None and not unknown:
        return members["properties"]
    taken = set(own or {})
    pieces = [inside] if own else []
    for name in unknown:
        key = name
        while key in taken:
            key = "top_level." + key
        taken.add(key)
        pieces.append(json.dumps(key, ensure_ascii=False) + ":" + members[name])
    return "{" + ",".join(pieces) + "}"


TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def read_time(text: str) -> datetime | None:
    found = TIME.fullmatch(text)
    if not found:
        return None
    *parts, fraction, sign, hours, minutes = found.groups()
    offset = timedelta()
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        year, month, day, hour, minute, second = map(int, parts)
        local = datetime(year, month, day, hour, minute, second, micros, timezone(offset))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def correct_time(row: Row, settings: Settings) -> None:
    limits = settings.limits
    client, sent, received = row["occurred_at"], row["sent_at"], row["received_at"]
    try:
        occurred = client
        if sent and received and abs(received - sent) > timedelta(seconds=limits.max_clock_skew_seconds):
            occurred = client + (received - sent)
        day = occurred.astimezone(ZoneInfo(settings.time_zone)).date()
    except OverflowError:
        raise RefusedError("time_out_of_bounds", "occurred_at") from None
    if occurred - (received or settings.ingested_at) > timedelta(seconds=limits.max_future_seconds):
        raise RefusedError("time_out_of_bounds", "occurred_at")
    if received and received - occurred > timedelta(days=limits.max_age_days):
        raise RefusedError("time_out_of_bounds", "occurred_at")
    row["client_at"], row["occurred_at"], row["event_date"] = client, occurred, day
