"""Reading the collector's settings from a TOML file, and printing a file to start from."""

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from pipelines.collector.settings import CollectorSettings, SourceSettings
from schemas.errors import MistakesError
from schemas.toml_file import read_toml

SETTINGS_NAME = "collector.toml"
"""The file in a lake."""


def read_collector_settings(path: Path) -> CollectorSettings:
    """The settings of a TOML file. UsageError: one line for each mistake, with the file and the line in it."""
    missing = f"no collector settings at {path}; write some with `maidian collect --print-settings > {path}`"
    file = read_toml(path, f"settings {path}", if_missing=missing)
    faults = [f"settings {path}{file.line_of(name)}: {fault}" for name, fault in _faults(file.keys)]
    if faults:
        raise MistakesError(faults)
    return msgspec.convert(file.keys, CollectorSettings, strict=True)


def settings_to_start_from() -> str:
    """A settings file with one source and a fresh key; every other setting stands in it with its default."""
    parts = [
        "# Settings of `maidian collect`. What is left out keeps its default; docs/collect.md says more.",
        *(f"\n# {meaning}\n# {name} = {_toml(default)}" for name, default, meaning in described(CollectorSettings)[1:]),
        "\n# Who may send. The name is the source's folder in the landing; add a table for each further source.",
        f'[sources.web]\nwrite_keys = ["{secrets.token_urlsafe(24)}"]',
        *(f"\n# {meaning}\n# {name} = {_toml(default)}" for name, default, meaning in described(SourceSettings)[1:]),
    ]
    return "\n".join(parts)


def described(kind: type[msgspec.Struct]) -> list[tuple[str, Any, str]]:
    """Name, default and meaning of each setting of a table."""
    hints = get_type_hints(kind, include_extras=True)
    return [(field.name, _default_of(field), _meaning(hints[field.name])) for field in msgspec.structs.fields(kind)]


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    """The default; None of a setting that has none."""
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return None if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _meaning(hint: Any) -> str:
    return next(each.description for each in hint.__metadata__ if isinstance(each, msgspec.Meta) and each.description)


def _faults(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong: the setting's name and one sentence each."""
    yield from _faults_of(document, CollectorSettings, "")
    sources = document.get("sources")
    if not isinstance(sources, dict):
        return
    for name, source in sources.items():
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            yield name, f"source {name!r}: use only a to z, 0 to 9, _ and -"
        elif not isinstance(source, dict):
            yield name, f"sources.{name} is no table; write `[sources.{name}]`"
        else:
            yield from _faults_of(source, SourceSettings, f"sources.{name}.")
    keys = [
        key
        for source in sources.values()
        if isinstance(source, dict) and isinstance(source.get("write_keys"), list)
        for key in source["write_keys"]
        if isinstance(key, str)
    ]
    if any(count > 1 for count in Counter(keys).values()):
        yield "write_keys", "one write key stands twice; a key tells which source sends, so give each its own"


def _faults_of(table: dict[str, Any], kind: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind, include_extras=True)
    for name, value in table.items():
        if name not in hints:
            close = get_close_matches(name, hints, n=1)
            meant = f"did you mean {prefix}{close[0]}?" if close else f"there are: {', '.join(hints)}"
            yield name, f"there is no setting {prefix}{name}; {meant}"
        elif (prefix or name != "sources") and (fault := _misfit(value, hints[name])):
            yield name, f"{prefix}{name}: {fault}"
        elif name == "sources" and not isinstance(value, dict):
            yield name, "sources is no table; write `[sources.web]`"
    if kind is SourceSettings and "write_keys" not in table:
        yield prefix.split(".")[1], f'{prefix}write_keys is missing; give at least one key, as write_keys = ["…"]'


def _misfit(value: Any, hint: Any) -> str | None:
    """Why a value may not stand there, without the value: it may be a key."""
    try:
        msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError as error:
        return str(error).replace("`", "")
    return None


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
