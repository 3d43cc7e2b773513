"""From the name or path a person gave to a mapping whose every key is known; one line for whatever is wrong.

What the fields mean is checked by `compile_mapping.py`, before any row is read.
"""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import msgspec

from pipelines.imports import mappings
from pipelines.imports.mapping import Mapping
from pipelines.imports.mapping_errors import explain, suggest
from schemas.errors import UsageError
from schemas.toml_file import read_toml

Shape = TypeVar("Shape", bound=msgspec.Struct)


def load_mapping(name_or_path: str) -> tuple[str, Mapping]:
    """The mapping and its short name. Raises `UsageError` naming the file, the key, and the known ones near it."""
    return load_mapping_as(Mapping, name_or_path, mappings)


def load_mapping_as(shape: type[Shape], name_or_path: str, shipped: ModuleType) -> tuple[str, Shape]:
    """A mapping of some shape and its short name; `shipped` is the package of those that come with maidian."""
    file, label, stem = _find(name_or_path, shipped)
    data = read_toml(file, label).keys
    try:
        return stem, msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise UsageError(f"{label}: {explain(str(error), data, shape)}") from error


def shipped_mappings(shipped: ModuleType = mappings) -> list[str]:
    """The names of the mappings that come with the package."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in resources.files(shipped).iterdir() if entry.name.endswith(".toml")
    )


def _find(name_or_path: str, shipped: ModuleType) -> tuple[Traversable, str, str]:
    """The file, what messages call it, and its short name."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return path, str(path), path.stem
    known = shipped_mappings(shipped)
    if name_or_path not in known:
        hint = suggest(name_or_path, known)
        raise UsageError(f"mapping {name_or_path!r}: no such mapping and no such file; {hint}")
    return resources.files(shipped) / f"{name_or_path}.toml", f"mapping {name_or_path}", name_or_path
