"""Every declared table has a suite that covers its declaration and names only metrics that exist."""

import json

import msgspec
import pytest

from jobs.engine.metrics import DUPLICATE_KEYS, ROW_COUNT, metric_names
from jobs.engine.suites import SUITES, load_suite
from schemas.errors import MaidianError
from schemas.tables import declared_tables
from schemas.tables.declaration import Table

ALL_TABLES = pytest.mark.parametrize("table", declared_tables().values(), ids=lambda table: table.name)


@ALL_TABLES
def test_every_table_has_a_suite_of_its_name(table: Table) -> None:
    assert load_suite(table.name).name == table.name


@ALL_TABLES
def test_a_suite_names_only_metrics_that_exist(table: Table) -> None:
    assert set(load_suite(table.name).metrics) <= set(metric_names(table))


@ALL_TABLES
def test_what_the_declaration_promises_is_critical(table: Table) -> None:
    promised = {ROW_COUNT, DUPLICATE_KEYS}
    for column in table.columns:
        if column.name != table.partition and not column.is_nullable:
            promised.add(f"{column.name}_null_count")
        if column.allowed is not None:
            promised.add(f"{column.name}_unexpected_count")
    promised |= {f"{check.name}_broken_count" for check in table.checks}
    critical = {one.metric for one in load_suite(table.name).expectations if one.severity == "critical"}
    assert promised <= critical


@ALL_TABLES
def test_an_empty_partition_does_not_pass(table: Table) -> None:
    bounds = [one.kwargs for one in load_suite(table.name).expectations if one.metric == ROW_COUNT]
    assert {"column": ROW_COUNT, "min_value": 1} in bounds


@ALL_TABLES
def test_every_expectation_says_why_in_english_and_chinese(table: Table) -> None:
    for expectation in load_suite(table.name).expectations:
        assert expectation.meta.notes.en.endswith(".")
        assert expectation.meta.notes.en.isascii()
        assert expectation.meta.notes.zh.endswith("。")


def test_there_is_no_suite_without_a_table() -> None:
    suites = {path.name.removesuffix(".json") for path in SUITES.iterdir() if path.name.endswith(".json")}
    assert suites == set(declared_tables())


def test_a_suite_is_what_great_expectations_reads() -> None:
    for table in declared_tables():
        suite = load_suite(table)
        assert msgspec.to_builtins(suite) == json.loads((SUITES / f"{table}.json").read_text(encoding="utf-8"))


def test_a_table_without_a_suite_is_one_clear_error() -> None:
    with pytest.raises(MaidianError, match=r"table carts has no suite .* add schemas/expectations/carts\.json"):
        load_suite("carts")
