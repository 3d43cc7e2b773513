"""What a published version of the contract promises, and whether the declarations still keep it.

`published.json` holds, for each event type, the JSON Schema without its words. Once a version is published a field
may be added if it is optional; nothing else changes, for a client checks its events against the copy it has,
and a reader of old files relies on what they hold.
"""

from typing import Any

from schemas.generate.json_schema import Schema

WORDS = {"$schema", "$id", "$comment", "title", "description"}


def promise(schema: Schema) -> Schema:
    """The schema without what is only there for people."""
    return {key: _promise_of(key, value) for key, value in schema.items() if key not in WORDS}


def _promise_of(key: str, value: Any) -> Any:
    if key == "properties":  # its keys are names of fields: a field called `title` is no word of ours
        return {name: promise(field) for name, field in value.items()}
    return promise(value) if isinstance(value, dict) else value


def broken_promises(published: dict[str, Schema], declared: dict[str, Schema]) -> list[str]:
    """What changed against a published version, one line each; empty when it is kept."""
    broken = [f"{event_type}: a new event type" for event_type in declared if event_type not in published]
    for event_type, was in published.items():
        if event_type not in declared:
            broken.append(f"{event_type}: the event type is gone")
        else:
            broken += _compare(event_type, was, declared[event_type])
    return broken


def _compare(where: str, was: Schema, now: Schema) -> list[str]:
    broken = []
    for keyword in dict.fromkeys([*was, *now]):
        old, new = was.get(keyword), now.get(keyword)
        if keyword == "properties" and isinstance(old, dict) and isinstance(new, dict):
            broken += _compare_fields(where, old, new)
        elif keyword == "items" and isinstance(old, dict) and isinstance(new, dict):
            broken += _compare(f"{where}[]", old, new)
        elif keyword == "required" and isinstance(old, list) and isinstance(new, list):
            broken += [f"{where}.{name}: was optional, is now required" for name in new if name not in old]
            broken += [f"{where}.{name}: was required, is no longer" for name in old if name not in new]
        elif old != new:
            broken.append(f"{where}: {keyword} was {old!r}, is now {new!r}")
    return broken


def _compare_fields(where: str, was: Schema, now: Schema) -> list[str]:
    """A new field is allowed here; whether it is required, the list of required fields says."""
    broken = []
    for name, old in was.items():
        broken += _compare(f"{where}.{name}", old, now[name]) if name in now else [f"{where}.{name}: the field is gone"]
    return broken
