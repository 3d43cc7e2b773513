"""From TOML files to the rulebooks of every source. Whatever is wrong is said at once, one line a mistake."""

from importlib import resources
from pathlib import Path

from pipelines.collector.protocols import defaults
from pipelines.collector.protocols.check_mapping import check_protocol
from pipelines.collector.protocols.mapping import PROTOCOLS, MappingFile, ProtocolMapping
from pipelines.collector.protocols.rulebook import Rulebook, Rulebooks
from pipelines.imports.mapping_errors import suggest
from pipelines.landing import SOURCE_NAME
from schemas.errors import MistakesError, UsageError
from schemas.toml_file import read_toml

FOLDER_IN_LAKE = "mappings"
"""Beside the lake's tables; a source's own mapping is `<source>.toml` in it."""


class Mappings:
    """The rulebooks of every source; one without a file of its own has the defaults."""

    def __init__(self, own: dict[str, Rulebooks], otherwise: Rulebooks) -> None:
        """Made by `load_mappings`."""
        self._own = own
        self._otherwise = otherwise

    def of(self, source: str) -> Rulebooks:
        """What the events of a source mean."""
        return self._own.get(source, self._otherwise)


def load_mappings(folder: Path | None = None) -> Mappings:
    """The defaults, and over them every `<source>.toml` of the folder. Raises `UsageError` for any mistake in any file."""
    shipped = {protocol: shipped_mapping(protocol) for protocol in PROTOCOLS}
    otherwise = Rulebooks(**{protocol: Rulebook(mapping) for protocol, mapping in shipped.items()})
    own = {}
    mistakes: list[str] = []
    for path in sorted(folder.glob("*.toml")) if folder is not None else []:
        try:
            own[path.stem] = _source_rulebooks(path, shipped)
        except MistakesError as error:
            mistakes += error.mistakes
        except UsageError as error:
            mistakes.append(str(error))
    if mistakes:
        raise MistakesError(mistakes)
    return Mappings(own, otherwise)


def shipped_mapping(protocol: str) -> ProtocolMapping:
    """The default mapping of a protocol, checked like any other."""
    name = f"{protocol}.toml"
    document = read_toml(resources.files(defaults) / name, name).keys
    mapping, mistakes = check_protocol(document[protocol], protocol, ProtocolMapping())
    assert not mistakes, mistakes
    return mapping


def _source_rulebooks(path: Path, shipped: dict[str, ProtocolMapping]) -> Rulebooks:
    if not SOURCE_NAME.fullmatch(path.stem):
        raise UsageError(f"{path}: a mapping has the name of its source; use only a to z, 0 to 9, _ and -")
    document = read_toml(path, str(path)).keys
    known = list(MappingFile.__struct_fields__)
    mistakes = [f"unknown key {key!r}; {suggest(key, known)}" for key in document if key not in known]
    books = {}
    for protocol in PROTOCOLS:
        mapping, wrong = check_protocol(document.get(protocol, {}), protocol, shipped[protocol])
        mistakes += wrong
        if not mistakes:
            books[protocol] = Rulebook(mapping)
    if mistakes:
        raise MistakesError(f"{path}: {mistake}" for mistake in mistakes)
    return Rulebooks(**books)
