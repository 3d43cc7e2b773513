"""Every declared table is held to STYLE points 5 and 6: names say what a column is, and every column has a meaning.

A table declared tomorrow is found and judged like the others. Each test names the columns that break its rule.
"""

import re
from importlib import import_module
from typing import Literal, get_args, get_origin, get_type_hints

import pyarrow as pa
import pytest

from schemas.events.columns import contract_fields, order_line_fields
from schemas.events.contract import EVENT_TYPES
from schemas.tables import declared_tables
from schemas.tables.declaration import Column, Table
from schemas.tables.events import TABLE as EVENTS

TABLES = list(declared_tables().values())
HAN = re.compile(r"[\u4e00-\u9fff]")

PLURAL_ALL_THE_SAME = {"export_log", "search_funnel"}  # one thing each, and the design gives them these names
OTHER_DAYS = {"as_of"}  # the day a mart was made for has this name in every mart
MONEY_WORDS = {"price", "amount", "discount"}
SUFFIXES_THAT_NAME_THE_UNIT = ("_count", "_ratio", "_seconds", "_at")

each_table = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


def is_meaning(en: str, zh: str) -> bool:
    return len(en) > 3 and not HAN.search(en) and HAN.search(zh) is not None


def is_number(column: Column) -> bool:
    arrow = column.type
    return pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_decimal(arrow)


@each_table
def test_table_is_a_plural_noun_and_its_file_has_its_name(table: Table) -> None:
    assert table.name.endswith("s") or table.name in PLURAL_ALL_THE_SAME
    assert import_module(f"schemas.tables.{table.name}").TABLE is table


@each_table
def test_table_says_its_meaning_and_grain(table: Table) -> None:
    assert is_meaning(table.en, table.zh)
    assert table.grain
    assert table.version >= 1


@each_table
def test_key_and_partition_are_never_null_and_the_partition_is_a_day(table: Table) -> None:
    assert table.key
    assert table.column(table.partition).type == pa.date32()
    assert [name for name in (*table.key, table.partition) if table.column(name).is_nullable] == []


@each_table
def test_every_column_has_an_english_and_a_chinese_meaning(table: Table) -> None:
    assert [column.name for column in table.columns if not is_meaning(column.en, column.zh)] == []


def test_every_field_of_the_contract_has_an_english_and_a_chinese_meaning() -> None:
    fields = (*contract_fields(), *order_line_fields())
    assert [field.name for field in fields if not is_meaning(field.en, field.zh)] == []


@each_table
def test_names_are_lower_case_with_underscores(table: Table) -> None:
    assert [c.name for c in table.columns if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", c.name)] == []


@each_table
def test_counts_are_integers(table: Table) -> None:
    assert [c.name for c in table.columns if c.name.endswith("_count") and c.type != pa.int64()] == []


@each_table
def test_ratios_are_floats(table: Table) -> None:
    assert [c.name for c in table.columns if c.name.endswith("_ratio") and c.type != pa.float64()] == []


@each_table
def test_instants_and_no_others_end_in_at_and_are_utc_microseconds(table: Table) -> None:
    instant = pa.timestamp("us", tz="UTC")
    assert [c.name for c in table.columns if c.name.endswith("_at") is not (c.type == instant)] == []
    assert [c.name for c in table.columns if pa.types.is_timestamp(c.type) and c.type != instant] == []


@each_table
def test_days_and_no_others_end_in_date(table: Table) -> None:
    named = {c.name for c in table.columns if c.name.endswith("_date") or c.name in OTHER_DAYS}
    assert {c.name for c in table.columns if pa.types.is_date(c.type)} == named
    assert [c.name for c in table.columns if pa.types.is_date64(c.type)] == []


@each_table
def test_durations_are_numbers_of_seconds(table: Table) -> None:
    assert [c.name for c in table.columns if c.name.endswith("_seconds") and not is_number(c)] == []
    assert [c.name for c in table.columns if pa.types.is_duration(c.type) or pa.types.is_interval(c.type)] == []


@each_table
def test_booleans_and_no_others_begin_with_is_or_has(table: Table) -> None:
    named = {c.name for c in table.columns if c.name.startswith(("is_", "has_"))}
    assert {c.name for c in table.columns if pa.types.is_boolean(c.type)} == named


@each_table
def test_money_is_decimal(table: Table) -> None:
    named = [c for c in table.columns if MONEY_WORDS & set(c.name.split("_")) and not c.name.endswith("_ratio")]
    assert [c.name for c in named if is_number(c) and not pa.types.is_decimal(c.type)] == []


@each_table
def test_decimals_are_money_with_four_places_beside_their_currency(table: Table) -> None:
    decimals = [c for c in table.columns if pa.types.is_decimal(c.type)]
    assert [c.name for c in decimals if c.type.scale != 4 or c.unit != "currency"] == []
    assert not decimals or "currency" in table.schema.names


@each_table
def test_numbers_say_their_unit_in_the_name_or_beside_it(table: Table) -> None:
    unnamed = [c for c in table.columns if is_number(c) and not c.name.endswith(SUFFIXES_THAT_NAME_THE_UNIT)]
    assert [c.name for c in unnamed if not c.unit] == []


@each_table
def test_closed_sets_of_values_are_of_text(table: Table) -> None:
    closed = [c for c in table.columns if c.allowed is not None]
    assert [c.name for c in closed if c.type != pa.string()] == []
    assert [c.name for c in closed if not c.allowed or len(set(c.allowed)) != len(c.allowed)] == []


def test_the_same_name_is_the_same_thing_in_every_table() -> None:
    first: dict[str, tuple[str, object, str | None]] = {}
    for table in TABLES:
        for column in table.columns:
            # A sum of money needs more digits than one price; it is money all the same.
            kind = "money" if pa.types.is_decimal(column.type) else column.type
            where, *before = first.setdefault(column.name, (table.name, kind, column.unit))
            assert [kind, column.unit] == before, f"{column.name} of {table.name} differs from that of {where}"


def test_closed_sets_of_events_are_those_of_the_contract() -> None:
    declared: dict[str, tuple[str, ...]] = {"event_type": tuple(EVENT_TYPES)}
    for struct in EVENT_TYPES.values():
        for name, annotated in get_type_hints(struct).items():
            if get_origin(annotated) is Literal:
                declared[name] = get_args(annotated)

    assert {column.name: column.allowed for column in EVENTS.columns if column.allowed} == declared
