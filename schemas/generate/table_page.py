"""docs/tables.md: the data dictionary, every declared table and column."""

from schemas.generate.markdown import code, page, table
from schemas.generate.parquet_schema import type_name
from schemas.tables import declared_log, declared_tables
from schemas.tables.declaration import Column, Table

OPENING = """
Every table of the lake is plain hive Parquet, one folder a partition; read `<lake>/<table>/current/`.
所有表均为按分区存放的 Parquet 文件，任何工具都可直接读取。

Names mean the same everywhere: `_count` is an integer, `_ratio` a share from 0 to 1, `_at` an instant in UTC, `_date` a
business day in the lake's time zone, `_seconds` a duration, `is_` and `has_` yes or no; money is an exact decimal.
A partition made before a column was added has none: read it as null, with `union_by_name = true` in DuckDB and
`missing_columns = "insert"` in Polars. Null means "not known" or "no denominator"; 0 means "none of them". 空值表示未知或无分母，0 表示没有。
"""


def table_page() -> str:
    """The whole page: an overview, then a section a table."""
    tables = sorted([*declared_tables().values(), declared_log()], key=lambda declared: declared.name)
    overview = table(
        ["table", "one row is", "what it holds", "内容"],
        [[f"[`{declared.name}`](#{declared.name})", declared.grain, declared.en, declared.zh] for declared in tables],
    )
    return page("# The tables · 数据字典", OPENING, overview, *(_section(declared) for declared in tables))


def _section(declared: Table) -> str:
    kept = f"Partition: `{declared.partition}`."
    if declared is declared_log():
        kept = "Kept as a log in `<lake>/runs`, not as Parquet: read it with `maidian sql` or `open_table`."
    facts = (
        f"{declared.en}. {declared.zh}。\n\n"
        f"Grain: {declared.grain}. Key: {code(declared.key)}. {kept} Version: {declared.version}."
    )
    columns = table(
        ["column", "type", "unit", "null", "meaning", "含义"], [_column_row(column) for column in declared.columns]
    )
    checks = [f"- `{check.holds}`" for check in declared.checks]
    always = "\n".join(["\n\nTrue of every row, and audited · 每行均成立：\n", *checks]) if checks else ""
    return f"## {declared.name}\n\n{facts}\n\n{columns}{always}"


def _column_row(column: Column) -> list[str]:
    allowed = f"; one of {code(column.allowed)}" if column.allowed else ""
    return [
        f"`{column.name}`",
        type_name(column.type),
        column.unit or "",
        "may be null" if column.is_nullable else "",
        column.en + allowed,
        column.zh,
    ]
