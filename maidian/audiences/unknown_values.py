"""What the masters do not know: a product or category that a definition names, and what the licence rules would need."""

import duckdb

from maidian.audiences.definition import Audience
from maidian.options import Language
from schemas.errors import UsageError

KNOWN_KEYS = {"sku_ids": "sku_id", "category_ids": "category_id", "brands": "brand"}


def check_known_values(connection: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """UsageError for a product, category or brand that the master of products does not hold, where there is one."""
    if not _one(connection, "SELECT count(*) FROM skus"):
        return
    for part, keys in (("conditions", audience.conditions), ("exclusions", audience.exclusions)):
        for key, column in KNOWN_KEYS.items():
            for value in getattr(keys, key, ()):
                if not _one(connection, f"SELECT count(*) FROM skus WHERE {column} = ?", value):  # noqa: S608
                    raise UsageError(
                        f"audience {audience.name}: [{part}] {key}: the master of products has no {column} {value!r}; "
                        "mend it, or import the products again"
                    )


def warnings_of(connection: duckdb.DuckDBPyConnection, language: Language) -> list[str]:
    """What a person should know before sending the list that the table `decided` holds."""
    return [WARNINGS[name][language].format(count) for name, count in _counts(connection).items() if count]


WARNINGS: dict[str, dict[Language, str]] = {
    "no_master": {
        "en": "no master of products is imported: nobody was left out of {0:,} rows for want of a licence or a sales area",
        "zh": "尚未导入商品主数据，{0:,} 行未作许可证与销售区域检查",
    },
    "unknown_control": {
        "en": "of {0:,} products in the list the master does not say whether they are on prescription or controlled; "
        "they count as neither",
        "zh": "名单中有 {0:,} 个商品未注明是否处方药或特殊管理药品，按“否”处理",
    },
    "unknown_license": {
        "en": "of {0:,} companies that are offered prescription products no licence date is known",
        "zh": "名单中有 {0:,} 个客户推荐了处方药，但许可证有效期未知",
    },
}


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    listed = "FROM decided AS d LEFT JOIN skus AS s USING (sku_id) WHERE d.removed_by IS NULL AND d.sku_id IS NOT NULL"
    names = {
        "no_master": "count(*) FILTER (NOT d.has_master)",
        "unknown_control": "count(DISTINCT d.sku_id) FILTER "
        "(d.has_master AND (s.is_prescription IS NULL OR s.is_controlled IS NULL))",
        "unknown_license": "count(DISTINCT d.customer_id) FILTER (d.is_prescription AND d.license_expires_date IS NULL)",
    }
    (row,) = connection.execute(f"SELECT {', '.join(names.values())} {listed}").fetchall()
    return dict(zip(names, row, strict=True))


def _one(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> int:
    (row,) = connection.execute(sql, list(values)).fetchall()
    return int(row[0])
