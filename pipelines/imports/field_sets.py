"""Several fields of one thing (an event, its properties, an order line), made for a whole batch at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.imports.contract_kinds import event_fields, line_fields
from pipelines.imports.expressions import MakeColumn
from pipelines.imports.readers.batch import Batch
from pipelines.imports.values import Column, Refusal

Problems = dict[int, str]
"""Why a row of a batch is refused, by its place in the batch."""

Thing = Any
"""A Struct made for one mapping: what it leaves at None is left out of the JSON."""


@dataclass(frozen=True)
class FieldSet:
    """The fields, how each is made, and the Struct that holds one of each."""

    names: list[str]
    makers: list[MakeColumn]
    required: frozenset[str]
    struct: Callable[..., Thing]

    def columns(self, batch: Batch, problems: Problems) -> list[Column]:
        """The fields' columns in the order of `names`; adds what is wrong with a row to `problems`."""
        columns = [make(batch) for make in self.makers]
        for name, column in zip(self.names, columns, strict=True):
            if name in self.required and None in column:
                for place, value in enumerate(column):
                    if value is None:
                        problems.setdefault(place, f"{name} has no value")
            if Refusal.is_in(column):
                for place, value in enumerate(column):
                    if isinstance(value, Refusal):
                        problems.setdefault(place, value.reason)
        return columns

    def things(self, batch: Batch, problems: Problems) -> list[Thing]:
        """One Struct a row; None where none of the fields has a value."""
        columns = self.columns(batch, problems)
        things = list(map(self.struct, *columns))
        if all(None in column for column in columns):
            nothing = self.struct()
            return [None if thing == nothing else thing for thing in things]
        return things


def event_field_set(event_type: str, makers: dict[str, MakeColumn]) -> FieldSet:
    """The fields of an event. Its Struct takes event_id and event_type before them, lines and properties after."""
    known = event_fields(event_type)
    names = [name for name in known if name in makers]
    struct = _struct("Event", ["event_id", "event_type", *names, "lines", "properties"])
    return FieldSet(
        names, [makers[name] for name in names], frozenset(n for n in names if known[n].is_required), struct
    )


def line_field_set(makers: dict[str, MakeColumn]) -> FieldSet:
    """The fields of an order line."""
    known = line_fields()
    names = [name for name in known if name in makers]
    required = frozenset(name for name in names if known[name].is_required)
    return FieldSet(names, [makers[name] for name in names], required, _struct("Line", names))


def property_field_set(makers: dict[str, MakeColumn]) -> FieldSet | None:
    """Properties under the names of the mapping, whatever characters those have; None when there are none."""
    if not makers:
        return None
    slots = {f"property_{place}": name for place, name in enumerate(makers)}
    struct = _struct("Properties", list(slots), rename=slots)
    return FieldSet(list(makers), list(makers.values()), frozenset(), struct)


def _struct(name: str, fields: list[str], rename: dict[str, str] | None = None) -> Callable[..., Thing]:
    """A Struct is built in C from columns, `map(struct, *columns)`, and encoded without a look at each field."""
    return msgspec.defstruct(
        name, [(field, Any, None) for field in fields], rename=rename, omit_defaults=True, gc=False
    )
