"""What a mapping of a master says, compiled: which column of the file becomes which column of the table."""

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct, field

from pipelines.imports.conditions import Test, compile_condition
from pipelines.imports.contract_kinds import FieldKind, event_fields, shared_fields
from pipelines.imports.expressions import Compiler, MakeColumn
from pipelines.imports.load_mapping import load_mapping_as
from pipelines.imports.mapping import DropRule, Expression, Fields, FieldValue, InputFile, Time
from pipelines.imports.mapping_errors import suggest
from pipelines.imports.masters import mappings
from pipelines.imports.values import Value
from schemas.errors import UsageError
from schemas.tables import declared_tables
from schemas.tables.declaration import Column, Table

LONGEST_TEXT = 1024  # characters of a name: what is longer is a column of something else


class MasterMapping(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole mapping file of a master."""

    description: str | None = None
    input: InputFile = field(default_factory=InputFile)
    time: Time = field(default_factory=Time)
    drop: list[DropRule] = []
    fields: Fields


@dataclass(frozen=True)
class MasterColumn:
    """One column of the table: how it is made of a batch, and of what was made the value the table holds."""

    column: Column
    is_key: bool
    make: MakeColumn
    finish: Callable[[Value], Any]


@dataclass(frozen=True)
class CompiledMaster:
    """A mapping of a master, ready to run."""

    table: Table
    label: str
    input: InputFile
    drops: list[tuple[str, Test]]
    columns: list[MasterColumn]
    file_columns: set[str]

    @property
    def key(self) -> str:
        """The one column that names a row."""
        return self.table.key[0]


def prepare_master(table_name: str, name_or_path: str) -> CompiledMaster:
    """Find, read and check a mapping of a master; one line for whatever is wrong with it."""
    _, mapping = load_mapping_as(MasterMapping, name_or_path, mappings)
    try:
        return _compile(declared_tables()[table_name], name_or_path, mapping)
    except UsageError as error:
        raise UsageError(f"mapping {name_or_path}: {error}") from error


def _compile(table: Table, label: str, mapping: MasterMapping) -> CompiledMaster:
    if mapping.input.explode is not None:
        raise UsageError(f"[input] explode: one row of the file is one row of {table.name}; leave it out")
    file_columns: set[str] = set()
    drops = [
        (rule.name, compile_condition(rule.when, f"[[drop]] {number} when", file_columns))
        for number, rule in enumerate(mapping.drop, 1)
    ]
    known = [column.name for column in table.columns if column.name != table.partition]
    for name in mapping.fields:
        if name not in known:
            raise UsageError(f"[fields]: unknown column {name!r} of {table.name}; {suggest(name, known)}")
    for name in table.key:
        if name not in mapping.fields:
            raise UsageError(f"[fields]: {name} is missing; every row of {table.name} needs it")
    columns = [
        _compile_column(table, table.column(name), mapping.fields[name], mapping.time, file_columns)
        for name in known
        if name in mapping.fields
    ]
    return CompiledMaster(table, label, mapping.input, drops, columns, file_columns)


def _compile_column(
    table: Table, column: Column, value: FieldValue, time: Time, file_columns: set[str]
) -> MasterColumn:
    where, is_key = f"[fields] {column.name}", column.name in table.key
    if pa.types.is_boolean(column.type):
        compiler = Compiler(time)
        make = compiler.compile_property(_as_boolean(value, where), column.name, where)
    else:
        # A date says nothing of zones: whichever is taken, the date that stands in the file comes out.
        is_date = pa.types.is_date(column.type)
        compiler = Compiler(msgspec.structs.replace(time, zone="UTC") if is_date else time)
        make = compiler.compile_field(value, _kind(column, is_required=is_key), where)
    file_columns |= compiler.columns
    return MasterColumn(column, is_key, make, _finisher(column))


def _as_boolean(value: FieldValue, where: str) -> Expression:
    if isinstance(value, list):
        raise UsageError(f"{where}: takes one value, not a list")
    if isinstance(value, Expression):
        return msgspec.structs.replace(value, as_="boolean")
    return Expression(text=value, as_="boolean") if isinstance(value, str) else Expression(value=value, as_="boolean")


def _kind(column: Column, *, is_required: bool) -> FieldKind:
    """What the column takes: ids and codes as the events do, so that they meet."""
    contract: Mapping[str, FieldKind] = {**shared_fields(), **event_fields("order"), **event_fields("view")}
    if column.name in contract:
        return replace(contract[column.name], is_required=is_required)
    if pa.types.is_string(column.type):
        return FieldKind(column.name, "text", is_required, largest=LONGEST_TEXT)
    if pa.types.is_integer(column.type):
        return FieldKind(column.name, "integer", is_required)
    return FieldKind(column.name, "money" if pa.types.is_decimal(column.type) else "time", is_required)


def _finisher(column: Column) -> Callable[[Value], Any]:
    if pa.types.is_decimal(column.type):
        return Decimal
    if pa.types.is_date(column.type):
        return lambda text: dt.date.fromisoformat(text[:10])
    if pa.types.is_timestamp(column.type):
        return dt.datetime.fromisoformat
    if pa.types.is_string(column.type):
        return lambda text: unicodedata.normalize("NFC", text)  # as in events, so that they meet
    return lambda value: value
