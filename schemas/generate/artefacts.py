"""The generated files: what each should hold, which are stale, and writing them."""

import json
from pathlib import Path
from typing import Any

from schemas.events.contract import EVENT_TYPES, VERSION
from schemas.generate.event_page import event_page
from schemas.generate.json_schema import Schema, event_schema
from schemas.generate.parquet_schema import parquet_schema, parquet_text
from schemas.generate.published import broken_promises, promise
from schemas.generate.settings_page import settings_page
from schemas.generate.table_page import table_page

VERSION_FOLDER = f"schemas/events/v{VERSION}"
PUBLISHED = f"{VERSION_FOLDER}/published.json"
PUBLISHED_COMMENT = (
    "What this version promises. `python -m schemas.generate` adds optional fields here and refuses other changes."
)


def generated_files() -> dict[str, str]:
    """The text of every generated file, by its path below the repository."""
    events = {f"{VERSION_FOLDER}/{name}.schema.json": _json(event_schema(name)) for name in EVENT_TYPES}
    return {
        **events,
        f"{VERSION_FOLDER}/events.parquet.json": parquet_text(parquet_schema("events")),
        PUBLISHED: _json({"$comment": PUBLISHED_COMMENT, "event_types": _promises()}),
        "docs/events.md": event_page(),
        "docs/settings.md": settings_page(),
        "docs/tables.md": table_page(),
    }


def stale_files(root: Path) -> list[str]:
    """The generated files whose text on disk is not what the declarations say now."""
    return [
        name
        for name, text in generated_files().items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != text
    ]


def promises_broken(root: Path) -> list[str]:
    """What the declarations changed against what has been published, one line each."""
    if not (root / PUBLISHED).is_file():
        return []
    published = json.loads((root / PUBLISHED).read_text(encoding="utf-8"))["event_types"]
    return broken_promises(published, _promises())


def write_files(root: Path) -> list[str]:
    """Write the stale files; returns their names. The caller has seen that no promise is broken."""
    stale = stale_files(root)
    files = generated_files()
    for name in stale:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(files[name], encoding="utf-8", newline="\n")
        temporary.replace(path)
    return stale


def _promises() -> dict[str, Schema]:
    return {name: promise(event_schema(name)) for name in EVENT_TYPES}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
