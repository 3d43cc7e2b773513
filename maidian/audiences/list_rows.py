"""The rows of the two files: what a marketer reads of each company and product, and the sentences that say why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from string import Formatter
from typing import Any

import duckdb

from maidian.audiences.definition import Audience
from maidian.audiences.remembered import Remembered
from maidian.audiences.removal_rules import RULES
from maidian.audiences.sources import SOURCES
from maidian.audiences.sources.source import ListColumn
from maidian.options import Language
from maidian.reading.cell_text import VALUES
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
) -> Iterator[Sequence[Any]]:
    """The list, in its order."""
    columns = _Columns(listed_columns(audience), audience, language, hide)
    return columns.rows(connection, "removed_by IS NULL ORDER BY place")


def removed_rows(
    connection: duckdb.DuckDBPyConnection, audience: Audience, language: Language, hide: HideNumbers
) -> Iterator[Sequence[Any]]:
    """Who was removed, by rule in the order of the rules."""
    order = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(RULES))
    columns = _Columns(removed_columns(audience), audience, language, hide)
    return columns.rows(connection, f"removed_by IS NOT NULL ORDER BY CASE removed_by {order} END, customer_id, sku_id")


class _Columns:
    """Rows, made a column at a time: of each different value once, for of 300,000 rows few differ."""

    def __init__(
        self, columns: Sequence[ListColumn], audience: Audience, language: Language, hide: HideNumbers
    ) -> None:
        source = SOURCES[audience.source]
        self._columns = columns
        self._hidden: Remembered[Any, Any] = Remembered(lambda value: hide(value) if isinstance(value, str) else value)

        def reason(values: tuple[Any, ...]) -> str:
            return hide(
                source.reason(dict(zip(source.reason_reads, values, strict=True)), audience.conditions, language)
            )

        def removed_because(values: tuple[Any, ...]) -> str:
            rule = RULES[values[0]]
            row = {name: _word(name, value, language) for name, value in zip(RULES_READ, values, strict=True)}
            return hide((rule.zh if language == "zh" else rule.en).format_map(row))

        # What is made of several columns, and of which.
        self._made: dict[str, tuple[tuple[str, ...], Remembered[tuple[Any, ...], str]]] = {
            "reason": (source.reason_reads, Remembered(reason)),
            "removed_because": (RULES_READ, Remembered(removed_because)),
        }

    def rows(self, connection: duckdb.DuckDBPyConnection, condition: str) -> Iterator[Sequence[Any]]:
        """The rows of the table `decided` that meet the condition, in its order."""
        asked = [name for column in self._columns for name in self._reads(column.name)]
        names = list(dict.fromkeys(asked))
        answer = connection.sql(f"SELECT {', '.join(names)} FROM decided WHERE {condition}")  # noqa: S608 our names
        for batch in answer.to_arrow_reader(BATCH_ROWS):  # by columns: a third of the time of fetching rows
            values = {name: batch.column(name).to_pylist() for name in names}
            yield from zip(*(self._column(column.name, values) for column in self._columns), strict=True)

    def _reads(self, name: str) -> tuple[str, ...]:
        return self._made[name][0] if name in self._made else (name,)

    def _column(self, name: str, values: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
        if name in self._made:
            reads, remembered = self._made[name]
            return list(map(remembered.__getitem__, zip(*(values[each] for each in reads), strict=True)))
        if any(isinstance(value, str) for value in values[name]):
            return list(map(self._hidden.__getitem__, values[name]))
        return values[name]


def _word(name: str, value: Any, language: Language) -> Any:
    """A value of a closed set in the reader's language."""
    return VALUES[name].get(value, value) if language == "zh" and name in VALUES else value


def _names_in(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


RULES_READ = tuple(
    dict.fromkeys(["removed_by", *(name for rule in RULES.values() for name in _names_in(rule.en + rule.zh))])
)
"""The columns that the sentences of the rules name, the rule itself first."""
