"""From the name or path a person gave to a definition whose every key is known; one line for whatever is wrong."""

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from maidian.audiences import shipped
from maidian.audiences.definition import Audience
from maidian.audiences.sources import SOURCES
from maidian.audiences.sources.source import Source
from pipelines.imports.mapping_errors import explain, suggest
from schemas.errors import UsageError
from schemas.lake.lake import Lake
from schemas.toml_file import read_toml

FOLDER = "audiences"
"""In the lake: the shop's own definitions."""

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Found(NamedTuple):
    """A definition that is there: its name, and where it lies (None for one that comes with maidian)."""

    name: str
    path: Path | None


def known_audiences(lake: Lake) -> list[Found]:
    """The shop's own definitions, then those that come with maidian and have no namesake in the lake."""
    own = [Found(path.stem, path) for path in sorted((lake.path / FOLDER).glob("*.toml"))]
    names = {each.name for each in own}
    return own + [Found(name, None) for name in _shipped_names() if name not in names]


def load_audience(lake: Lake, name_or_path: str) -> Audience:
    """The definition of that name in the lake, else of those that come with maidian; or that of a file.

    UsageError names the file, the key, what is wrong and what may stand there.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return read_audience(path, str(path), path.stem)
    known = {each.name: each for each in known_audiences(lake)}
    if name_or_path not in known:
        hint = suggest(name_or_path, list(known))
        raise UsageError(
            f"there is no audience {name_or_path!r}; {hint} `maidian export --list` shows all, {lake.path / FOLDER} holds your own"
        )
    found = known[name_or_path]
    file = found.path or resources.files(shipped) / f"{found.name}.toml"
    return read_audience(file, str(found.path or f"audience {found.name}"), found.name)


def read_audience(file: Traversable, label: str, stem: str) -> Audience:
    """The definition in a file, checked."""
    data = read_toml(file, label).keys
    named = data.get("source")
    if named is None:
        raise UsageError(f"{label}: the key 'source' is missing; give one of {', '.join(SOURCES)}")
    if not isinstance(named, str) or named not in SOURCES:
        raise UsageError(
            f"{label}: source {named!r} is no table that lists start from; {suggest(str(named), [*SOURCES])}"
        )
    source = SOURCES[named]
    audience = convert(data, source.shape, label)
    for fault in _faults(audience, source, stem):
        raise UsageError(f"{label}: {fault}")
    return audience


def convert(data: dict[str, object], shape: type[Shape], label: str) -> Shape:
    """The keys as a struct. UsageError in words of the file."""
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{label}: {explain(str(error), data, shape)}; docs/audiences.md says what it may be"
        ) from None


def order_of(audience: Audience, source: Source) -> list[tuple[str, bool]]:
    """The columns the rows are ordered by, and whether the greatest comes first."""
    texts = [text.split() for text in audience.order or source.default_order]
    return [(words[0], words[1:] == ["desc"]) for words in texts]


def _faults(audience: Audience, source: Source, stem: str) -> Iterator[str]:
    if audience.name != stem:
        yield f"name is {audience.name!r} and the file {stem}.toml; make them the same"
    for text in audience.order or ():
        words = text.split()
        if not words or words[0] not in source.orders:
            yield f"order {text!r}: lists from {source.name} are ordered by {', '.join(source.orders)}"
        elif words[1:] not in ([], ["asc"], ["desc"]):
            yield f"order {text!r}: after the column comes asc (smallest first), desc (greatest first) or nothing"
    wanted, unwanted = audience.conditions, audience.exclusions
    for key in ("lifecycles", "customer_types", "regions", "sku_ids", "category_ids"):
        both = set(getattr(wanted, key, ())) & set(getattr(unwanted, key))
        if both:
            yield f"[exclusions] {key}: {min(both)!r} is asked for in [conditions] too; leave it out of one"
    least, most = (getattr(wanted, f"last_order_at_{end}_days", None) for end in ("least", "most"))
    if least is not None and most is not None and least > most:
        yield f"[conditions] last_order_at_least_days is {least}, above last_order_at_most_days, {most}; nobody fits"


def _shipped_names() -> list[str]:
    names = (entry.name for entry in resources.files(shipped).iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))
