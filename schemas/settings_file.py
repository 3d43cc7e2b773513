"""Reading settings from a TOML file, and writing the effective ones out as one.

A setting that the file leaves out keeps its default. What cannot be understood is refused, never guessed: one line that
names the file, the line in it, the setting, and what it may be.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_type_hints

import msgspec
from msgspec import inspect

from schemas.errors import UsageError
from schemas.settings import Settings, is_rising
from schemas.toml_file import read_toml

SETTINGS_NAME = "settings.toml"
"""The file in a lake."""


class Setting(NamedTuple):
    """One setting, for a page or a message; `rule` says what it may be."""

    name: str
    default: Any
    rule: str
    en: str
    zh: str


def lake_settings(lake: Path, file: Path | None = None) -> Settings:
    """The settings of a file, else of the lake's own file, else the defaults. UsageError when they cannot be read."""
    if file is not None:
        return read_settings(file)
    own = lake / SETTINGS_NAME
    return read_settings(own) if own.exists() else Settings()


def read_settings(path: Path) -> Settings:
    """The settings of a TOML file. UsageError names the file, the line and what is wrong with it."""
    missing = f"no settings file {path}; write one with `maidian settings > {SETTINGS_NAME}`"
    file = read_toml(path, f"settings {path}", if_missing=missing)
    faults = [f"settings {path}{file.line_of(name)}: {fault}" for name, fault in _faults(file.keys)]
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UsageError(faults[0] + more)
    return msgspec.convert(file.keys, Settings)


def settings_text(settings: Settings, language: Literal["en", "zh"] = "en") -> str:
    """The settings as TOML, each with its meaning, what it may be, and its default where it differs."""
    parts = []
    for setting in all_settings():
        value = getattr(settings, setting.name)
        changed = "" if value == setting.default else f"; default {_toml(setting.default)}"
        meaning = setting.zh if language == "zh" else setting.en
        parts.append(f"# {meaning} ({setting.rule}{changed})\n{setting.name} = {_toml(value)}\n")
    return "\n".join(parts)


@cache
def all_settings() -> list[Setting]:
    """Every setting in its order."""
    described = inspect.type_info(Settings)
    assert isinstance(described, inspect.StructType)
    return [_setting(field) for field in described.fields]


def _setting(field: inspect.Field) -> Setting:
    kind = field.type
    schema: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata):
        schema, extra = {**(kind.extra_json_schema or {}), **schema}, {**(kind.extra or {}), **extra}
        kind = kind.type
    return Setting(field.name, field.default, _rule(kind), schema["description"], extra["zh"])


def _rule(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.VarTupleType):
        item = kind.item_type
        assert isinstance(item, inspect.IntType)
        return f"{kind.min_length} to {kind.max_length} rising whole numbers in [ ], each {item.ge} to {item.le}"
    assert isinstance(kind, inspect.IntType)
    return f"a whole number, {kind.ge} to {kind.le}"


def _faults(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong: the setting's name and one sentence."""
    known = {setting.name: setting for setting in all_settings()}
    kinds = get_type_hints(Settings, include_extras=True)
    for name, value in document.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f"did you mean {close[0]}?" if close else "`maidian settings` lists them all"
            yield name, f"there is no setting {name}; {meant}"
        elif not _fits(value, kinds[name]):
            shown = value if isinstance(value, list | int | float) and not isinstance(value, bool) else repr(value)
            yield name, f"{name} is {shown}; give {known[name].rule}"


def _fits(value: Any, kind: Any) -> bool:
    try:
        return is_rising(msgspec.convert(value, kind))
    except msgspec.ValidationError:
        return False


def _toml(value: Any) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)
