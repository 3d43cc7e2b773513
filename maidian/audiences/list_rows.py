"""The rows of the two files: what a marketer reads of each company and product, and the sentences that say why."""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb

from maidian.audiences.definition import Audience
from maidian.audiences.removal_rules import RULES
from maidian.audiences.sources import SOURCES
from maidian.audiences.sources.source import ListColumn, Row
from maidian.options import Language
from schemas.tables.declaration import STRING

ABOUT = (
    ListColumn("customer_id", STRING, "customer", "客户编号"),
    ListColumn("customer_name", STRING, "name", "客户名称"),
    ListColumn("region", STRING, "region", "地区"),
    ListColumn("customer_type", STRING, "type", "客户类型"),
    ListColumn("lifecycle", STRING, "lifecycle", "生命周期"),
    ListColumn("sku_id", STRING, "product", "商品编码"),
    ListColumn("sku_name", STRING, "product name", "商品名称"),
    ListColumn("category_name", STRING, "category", "类目"),
)
REASON = ListColumn("reason", STRING, "why it is listed", "入选原因")
MATCHED_BECAUSE = ListColumn("reason", STRING, "why it matched", "匹配原因")
REMOVED = (
    ListColumn("removed_by", STRING, "rule", "剔除规则"),
    ListColumn("removed_because", STRING, "why it is not listed", "剔除原因"),
)

BATCH_ROWS = 10_000

HideNumbers = Callable[[str], str]


def listed_columns(audience: Audience) -> tuple[ListColumn, ...]:
    """The columns of the list."""
    return (*ABOUT, *SOURCES[audience.source].columns, REASON)


def removed_columns(audience: Audience) -> tuple[ListColumn, ...]:
    """The columns of the file of those removed."""
    return (*ABOUT, *SOURCES[audience.source].columns, MATCHED_BECAUSE, *REMOVED)


def listed_rows(
    connection: duckdb.DuckDBPyConnection, audience: Audience, language: Language, hide: HideNumbers
) -> Iterator[list[Any]]:
    """The list, in its order."""
    for row in _rows(connection, "removed_by IS NULL ORDER BY place"):
        yield [_value(column, row, audience, language, hide) for column in listed_columns(audience)]


def removed_rows(
    connection: duckdb.DuckDBPyConnection, audience: Audience, language: Language, hide: HideNumbers
) -> Iterator[list[Any]]:
    """Who was removed, by rule in the order of the rules."""
    order = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(RULES))
    for row in _rows(connection, f"removed_by IS NOT NULL ORDER BY CASE removed_by {order} END, customer_id, sku_id"):
        yield [_value(column, row, audience, language, hide) for column in removed_columns(audience)]


def _rows(connection: duckdb.DuckDBPyConnection, condition: str) -> Iterator[Row]:
    answer = connection.execute(f"FROM decided WHERE {condition}")
    names = [column[0] for column in answer.description or ()]
    while batch := answer.fetchmany(BATCH_ROWS):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def _value(column: ListColumn, row: Row, audience: Audience, language: Language, hide: HideNumbers) -> Any:
    if column.name == "reason":
        value: Any = SOURCES[audience.source].reason(row, audience.conditions, language)
    elif column.name == "removed_because":
        rule = RULES[row["removed_by"]]
        value = (rule.zh if language == "zh" else rule.en).format_map(row)
    else:
        value = row[column.name]
    return hide(value) if isinstance(value, str) else value
