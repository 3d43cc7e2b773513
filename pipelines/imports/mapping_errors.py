"""What is wrong with a mapping, in words of the TOML file, with the keys that are known at that place."""

import re
from collections.abc import Mapping as AnyMapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

from pipelines.imports.mapping import FieldValue, Mapping

_PROBLEM = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_BAD_CHOICE = re.compile(r"Invalid enum value (?P<value>.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<key>.*)`", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<place>\d+)\]|(?P<any>\[\.\.\.\])")

# The checker speaks of JSON, the person writes TOML.
_TOML_WORDS = (("Object", "The table"), ("object", "table"), ("array", "list"), ("`str`", "a text"), ("`", ""))


def suggest(name: str, known: list[str]) -> str:
    """What may have been meant, for the end of a message: the near names, else all when they are few."""
    close = get_close_matches(name, known, n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known: {', '.join(known[:30])}{' …' if len(known) > 30 else ''}"  # noqa: PLR2004 - what a line can hold


def explain(message: str, data: AnyMapping[str, Any], shape: type[msgspec.Struct] = Mapping) -> str:
    """The checker's message in words of the file, with the keys that are known at that place."""
    match = _PROBLEM.fullmatch(message)
    assert match is not None
    steps = [
        step["key"] if step["key"] is not None else int(step["place"]) if step["place"] is not None else None
        for step in _STEP.finditer(match["path"] or "")
    ]
    steps = _name_the_entry(steps, data)
    where = _spell(steps)
    problem = match["problem"]
    if found := _UNKNOWN.fullmatch(problem):
        return f"{where}: unknown key {found['key']!r}; {suggest(found['key'], _known_keys(steps, shape))}"
    if found := _MISSING.fullmatch(problem):
        return f"{where}: the key {found['key']!r} is missing"
    if found := _BAD_CHOICE.fullmatch(problem):
        return f"{where}: {found['value']} is none of {', '.join(_choices(steps, shape))}"
    for word, toml_word in _TOML_WORDS:
        problem = problem.replace(word, toml_word)
    return f"{where}: {problem[0].lower()}{problem[1:]}"


def _name_the_entry(steps: list[str | int | None], data: Any) -> list[str | int | None]:
    """Fill in the key of a table whose keys are the person's own; the checker leaves it out."""
    if None not in steps:
        return steps
    place = steps.index(None)
    for step in steps[:place]:
        data = data[step]
    for key, value in data.items():
        try:
            msgspec.convert(value, FieldValue)
        except msgspec.ValidationError:
            return [*steps[:place], key, *steps[place + 1 :]]
    return steps


def _spell(steps: list[str | int | None]) -> str:
    """`event`, 0, `fields`, `sku_id` as `[[event]] 1 fields.sku_id`."""
    if not steps:
        return "top level"
    if len(steps) > 1 and isinstance(steps[1], int):
        head, rest = f"[[{steps[0]}]] {steps[1] + 1}", steps[2:]
    else:
        head, rest = f"[{steps[0]}]", steps[1:]
    tail = ""
    for step in rest:
        if step is not None:
            tail += f" {step + 1}" if isinstance(step, int) else f".{step}"
    return f"{head} {tail.removeprefix('.')}".strip()


def _known_keys(steps: list[str | int | None], shape: type[msgspec.Struct]) -> list[str]:
    """The keys of the table that the steps lead to, from the declaration of the mapping."""
    described = next(each for each in _alternatives(_at(steps, shape)) if isinstance(each, inspect.StructType))
    return [field.encode_name for field in described.fields]


def _choices(steps: list[str | int | None], shape: type[msgspec.Struct]) -> list[str]:
    """The values the key takes that the steps lead to."""
    described = next(each for each in _alternatives(_at(steps, shape)) if isinstance(each, inspect.LiteralType))
    return [str(value) for value in described.values]


def _at(steps: list[str | int | None], shape: type[msgspec.Struct]) -> inspect.Type:
    described: inspect.Type = inspect.type_info(shape)
    for step in steps:
        described = _below(described, step)
    return described


def _below(described: inspect.Type, step: str | int | None) -> inspect.Type:
    """The declared type of a key of a table, or of the items of a list."""
    for each in _alternatives(described):
        match each:
            case inspect.ListType(item_type=item) if isinstance(step, int):
                return item
            case inspect.DictType(value_type=value):
                return value
            case inspect.StructType(fields=fields) if not isinstance(step, int):
                return next(field.type for field in fields if field.encode_name == step)
    raise TypeError(f"no way below {described!r}")


def _alternatives(described: inspect.Type) -> list[inspect.Type]:
    match described:
        case inspect.Metadata(type=inner):
            return _alternatives(inner)
        case inspect.UnionType(types=members):
            return [each for member in members for each in _alternatives(member)]
    return [described]
