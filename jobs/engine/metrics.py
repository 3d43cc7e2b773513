"""One row of metrics a partition, computed in Polars from the table's declaration; the audit judges that row.

A metric is the number of rows that break one rule, named after the column and the rule, or a number of the whole:

    row_count                     rows of the partition
    duplicate_key_count           rows beyond the first of their key
    <column>_null_count           rows without a value
    <column>_unexpected_count     rows with a value outside the column's closed set
    <column>_negative_count       rows with a value below zero
    <column>_outside_day_count    rows with an instant that is on the partition's day in no time zone
    <column>_after_day_count      rows with an instant after the partition's day in every time zone
    <earlier>_after_<later>_count rows whose first instant lies after the second
    <check>_broken_count          rows that break a check of the declaration
    <column>_true_ratio           share of the rows that say yes, from 0 to 1
    <column>_distinct_count       different values of a text

Time zones reach from 12 hours behind UTC to 14 hours ahead, hence the margins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from jobs.engine.scan import scan_files
from schemas.tables.declaration import Column, Table

ROW_COUNT = "row_count"
DUPLICATE_KEYS = "duplicate_key_count"
PARTITION = "partition"
_IS_SORTED = "is_sorted"

SAMPLE_ROWS = 3  # enough to find the fault, few enough for one line
AHEAD_OF_UTC = timedelta(hours=14)
BEHIND_UTC = timedelta(hours=12)
ANY_DAY = date(2000, 1, 1)  # the names of the metrics are the same on all days


@dataclass(frozen=True)
class Rule:
    """A metric that counts rows: which of them break the rule, and which columns show it."""

    columns: tuple[str, ...]
    is_broken: pl.Expr


def metric_names(table: Table) -> list[str]:
    """Every metric the table has."""
    return [ROW_COUNT, DUPLICATE_KEYS, *_rules(table, ANY_DAY), *_totals(table)]


def measure(table: Table, partitions: Mapping[str, Sequence[Path]], names: Sequence[str]) -> list[dict[str, Any]]:
    """A row of the named metrics for each partition."""
    return [{PARTITION: value, **_measure_one(table, value, files, names)} for value, files in partitions.items()]


def sample(table: Table, value: str, files: Sequence[Path], name: str) -> list[dict[str, Any]]:
    """Some rows that break the rule of a metric: their key and the columns at fault."""
    if name == ROW_COUNT or name in _totals(table):
        return []
    if name == DUPLICATE_KEYS:
        rule = Rule((), pl.struct(_key(table)).is_duplicated())
    else:
        rule = _rules(table, date.fromisoformat(value))[name]
    shown = list(dict.fromkeys([*_key(table), *rule.columns]))
    rows = scan_files(table, files).filter(rule.is_broken).select(shown).head(SAMPLE_ROWS)
    return rows.collect().to_dicts()


def _measure_one(table: Table, value: str, files: Sequence[Path], names: Sequence[str]) -> dict[str, Any]:
    rows = scan_files(table, files)
    rules = _rules(table, date.fromisoformat(value))
    totals = {**{name: rule.is_broken.sum() for name, rule in rules.items()}, **_totals(table)}
    asked = [totals[name].alias(name) for name in names if name in totals]
    if DUPLICATE_KEYS in names:
        asked += _order_of_keys(_key(table))
    measured: dict[str, Any] = rows.select(pl.len().alias(ROW_COUNT), *asked).collect().row(0, named=True)
    if DUPLICATE_KEYS in names and measured.pop(_IS_SORTED) is False:
        distinct = rows.select(_key(table)).unique().select(pl.len()).collect().item()
        measured[DUPLICATE_KEYS] = measured[ROW_COUNT] - distinct
    return measured


def _order_of_keys(key: Sequence[str]) -> list[pl.Expr]:
    """Rows with the key of the row before, and whether keys never fall: if so, these are all duplicates.

    Jobs sort their rows by key, and neighbours are compared ten times as fast as distinct keys are counted.
    """
    falls, is_same = pl.lit(value=False), pl.lit(value=True)
    for name in key:
        falls |= is_same & (pl.col(name) < pl.col(name).shift(1))
        is_same &= pl.col(name).eq_missing(pl.col(name).shift(1))
    is_sorted = pl.all_horizontal(pl.col(key).is_not_null()).all() & ~falls.fill_null(value=False).any()
    return [is_same.sum().cast(pl.Int64).alias(DUPLICATE_KEYS), is_sorted.alias(_IS_SORTED)]


def _key(table: Table) -> list[str]:
    return [name for name in table.key if name != table.partition] or [table.partition]


def _rules(table: Table, day: date) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    columns = [column for column in table.columns if column.name != table.partition]
    for column in columns:
        for rule_name, is_broken in _column_rules(column, day):
            rules[f"{column.name}_{rule_name}_count"] = Rule((column.name,), is_broken.fill_null(value=False))
    instants = [column.name for column in columns if pa.types.is_timestamp(column.type)]
    for earlier, later in permutations(instants, 2):
        is_broken = (pl.col(earlier) > pl.col(later)).fill_null(value=False)
        rules[f"{earlier}_after_{later}_count"] = Rule((earlier, later), is_broken)
    for check in table.checks:
        holds = pl.sql_expr(check.holds)
        rules[f"{check.name}_broken_count"] = Rule(tuple(holds.meta.root_names()), ~holds.fill_null(value=True))
    return rules


def _totals(table: Table) -> dict[str, pl.Expr]:
    """Metrics of the partition as a whole."""
    totals: dict[str, pl.Expr] = {}
    for column in table.columns:
        if pa.types.is_boolean(column.type):
            totals[f"{column.name}_true_ratio"] = pl.col(column.name).mean().fill_null(0.0)
        if pa.types.is_string(column.type):
            totals[f"{column.name}_distinct_count"] = pl.col(column.name).drop_nulls().n_unique()
    return totals


def _column_rules(column: Column, day: date) -> list[tuple[str, pl.Expr]]:
    value = pl.col(column.name)
    rules = [("null", value.is_null())]
    if column.allowed is not None:
        rules.append(("unexpected", ~value.is_in(list(column.allowed))))
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        rules.append(("negative", value < 0))
    if pa.types.is_timestamp(column.type):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        is_before = value < pl.lit(midnight - AHEAD_OF_UTC)
        is_after = value >= pl.lit(midnight + timedelta(days=1) + BEHIND_UTC)
        rules += [("outside_day", is_before | is_after), ("after_day", is_after)]
    return rules
