"""What a mapping may say: the shape of the TOML file that gives a source's event names and properties their meaning.

Every table is one Struct here and refuses keys it does not know. `load_mapping.py` reads the files, docs/clients.md
explains them to the person who writes one.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Constant = str | int | bool
Path = Annotated[str, Meta(min_length=1)]
"""Where a value stands in the client's event, the keys from the top joined by dots: `properties.sku`."""

Paths = Path | list[Path]
PROTOCOLS = ("segment", "sensors")


class Taken(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way to make a field. Steps are taken in the order written here."""

    from_: Paths | None = field(default=None, name="from")
    value: Constant | None = None
    each: Paths | None = None
    """In a list of objects: the member of each that is meant."""
    map: dict[str, Constant] | None = None
    map_else: Literal["keep", "drop"] = "keep"


Way = Path | Taken
FieldWays = Way | list[Way]
"""Ways to make one field; the first that finds a value counts."""

Fields = dict[str, FieldWays]


class EventRule(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What events of some names become (`[[segment.event]]`). Several rules for one name make several events."""

    name: str | list[str]
    type: str
    requires: list[str] = []
    """Fields without which this rule makes nothing; for the second event of a name."""
    fields: Fields = {}
    line: Fields = {}

    @property
    def names(self) -> list[str]:
        """The names as a list."""
        return [self.name] if isinstance(self.name, str) else self.name


class ProtocolMapping(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The mapping of one protocol (`[segment]`, `[sensors]`)."""

    ignore: list[str] = []
    """Names left out for good; neither translated nor kept."""
    fields: Fields = {}
    """For every event."""
    types: dict[str, Fields] = {}
    """For every event of a type, by the type."""
    line: Fields = {}
    """For every order line; the paths start at the product."""
    event: list[EventRule] = []


class MappingFile(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole file: what differs from the defaults, for one source."""

    description: str | None = None
    segment: ProtocolMapping = field(default_factory=ProtocolMapping)
    sensors: ProtocolMapping = field(default_factory=ProtocolMapping)


def extend(defaults: ProtocolMapping, own: ProtocolMapping) -> ProtocolMapping:
    """The defaults with a source's own mapping over them: a field over a field, the rules of a name over those of it."""
    own_names = {name for rule in own.event for name in rule.names}
    kept = []
    for rule in defaults.event:
        names = [name for name in rule.names if name not in own_names]
        if names:
            kept.append(
                EventRule(name=names, type=rule.type, requires=rule.requires, fields=rule.fields, line=rule.line)
            )
    types = {
        name: {**defaults.types.get(name, {}), **own.types.get(name, {})} for name in {**defaults.types, **own.types}
    }
    return ProtocolMapping(
        ignore=[*(name for name in defaults.ignore if name not in own_names), *own.ignore],
        fields={**defaults.fields, **own.fields},
        types=types,
        line={**defaults.line, **own.line},
        event=[*kept, *own.event],
    )
