"""What a mapping may say: the shape of the TOML file that turns rows into events.

Every table of the file is one Struct here and refuses keys it does not know. `load_mapping.py` reads the file,
docs/import.md explains it to the person who writes one.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Constant = str | int | float | bool
Texts = list[str]
AsType = Literal["text", "integer", "number", "boolean", "time"]
ClockChoice = Literal["earlier", "later", "refuse"]
FileFormat = Literal["csv", "tsv", "xlsx", "ndjson", "parquet"]
Name = Annotated[str, Meta(min_length=1)]


class Condition(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question about one row. Everything said in one table must hold; a missing value answers only `empty`."""

    column: str | None = None
    is_: Constant | None = field(default=None, name="is")
    is_not: Constant | None = None
    one_of: list[Constant] | None = None
    none_of: list[Constant] | None = None
    starts_with: str | Texts | None = None
    ends_with: str | Texts | None = None
    contains: str | Texts | None = None
    matches: str | None = None
    above: int | float | None = None
    at_least: int | float | None = None
    below: int | float | None = None
    at_most: int | float | None = None
    empty: bool | None = None
    all_: "list[Condition] | None" = field(default=None, name="all")
    any_: "list[Condition] | None" = field(default=None, name="any")
    not_: "Condition | None" = field(default=None, name="not")


class Expression(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one value is made. Steps are taken in the order of the fields here, whatever their order in the file."""

    # Where it comes from: exactly one of these.
    column: str | None = None
    text: str | None = None
    value: Constant | None = None
    first_of: "list[Item] | None" = None

    when: Condition | None = None
    strip: bool = False
    null: Texts | None = None
    strip_prefix: str | None = None
    strip_suffix: str | None = None
    thousands: str | None = None
    decimal_mark: str | None = None
    integer: bool = False
    negate: bool = False
    round: Annotated[int, Meta(ge=0, le=18)] | None = None
    upper: bool = False
    lower: bool = False
    map: dict[str, Constant] | None = None
    map_else: Literal["keep", "refuse", "null"] = "refuse"
    split: str | None = None
    default: Constant | None = None
    time_format: str | None = None
    time_zone: str | None = None
    as_: AsType | None = field(default=None, name="as")
    every_row: bool = False


Item = str | int | float | bool | Expression
FieldValue = Item | list[Item]
Fields = dict[str, FieldValue]


class InputFile(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the file is read (`[input]`)."""

    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Meta(max_length=1)] = '"'
    columns: list[Name] | None = None
    skip_lines: Annotated[int, Meta(ge=0)] = 0
    sheet: str | None = None
    null: Texts = field(default_factory=lambda: [""])
    explode: Name | None = None


class Time(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a time is read, unless its field says otherwise (`[time]`)."""

    format: Name = "iso"
    zone: Name | None = None
    ambiguous: ClockChoice = "earlier"
    nonexistent: ClockChoice = "later"


class DropRule(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rows that become nothing, counted under a name (`[[drop]]`)."""

    name: Name
    when: Condition


class EventMapping(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event made of a row, or of the rows of one order (`[[event]]`)."""

    type: Name
    when: Condition | None = None
    group_by: Name | list[Name] | None = None
    rows: Literal["adjacent", "scattered"] = "adjacent"
    fields: Fields = {}
    properties: Fields = {}
    line: Fields | None = None


class Mapping(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole mapping file."""

    description: str | None = None
    source: str | None = None
    input: InputFile = field(default_factory=InputFile)
    time: Time = field(default_factory=Time)
    drop: list[DropRule] = []
    fields: Fields = {}
    properties: Fields = {}
    event: Annotated[list[EventMapping], Meta(min_length=1)]
