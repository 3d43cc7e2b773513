"""`zero_result_terms`: what customers search for and do not find, and what it may be worth."""

from dataclasses import replace

import pyarrow as pa

from schemas.tables.declaration import COUNT, INSTANT, MONEY, RATIO, STRING, Check, Column, Table
from schemas.tables.search_terms import TABLE as SEARCH_TERMS

SUGGESTION = pa.struct([("sku_id", STRING), ("name", STRING), ("matched_by", STRING), ("similarity", RATIO)])

TABLE = Table(
    name="zero_result_terms",
    en="Queries that found nothing or few, the products they may have meant, and the demand that may be lost",
    zh="无结果搜索词：无结果或结果过少的搜索词、近似商品与预计流失需求",
    grain="one query, as of one day",
    key=("query",),
    partition="as_of",
    version=1,
    columns=(
        SEARCH_TERMS.column("as_of"),
        SEARCH_TERMS.column("query"),
        Column("search_count", COUNT, "Searches for it in the 28 days (a setting)", "搜索次数（近 28 天）"),
        Column("zero_result_count", COUNT, "Of these, those that found nothing", "无结果次数"),
        Column("few_result_count", COUNT, "Of these, those that found 1 to 3 (a setting)", "结果过少次数（1 至 3 个）"),
        Column(
            "customer_count",
            COUNT,
            "Distinct customers of the searches that found nothing or few",
            "客户数（无结果或结果过少的搜索）",
        ),
        Column(
            "unserved_customer_count",
            COUNT,
            "Those of these customers who clicked on nothing in any of these searches",
            "其中未点击任何结果的客户数",
        ),
        Column("last_searched_at", INSTANT, "The last search that found nothing or few", "最近一次时间", unit="UTC"),
        Column(
            "suggestions",
            pa.list_(SUGGESTION),
            "Up to 5 products with a name near the query, nearest first: sku_id, name, matched_by (name, pinyin or "
            "initials), similarity (1 - edits / length of the query)",
            "近似商品（最多 5 个，按相似度）：商品编码、名称、匹配方式（name 字形、pinyin 拼音、initials 拼音首字母）、相似度",
        ),
        Column(
            "usual_line_amount",
            MONEY,
            "Median amount of the order lines of sales of the suggested products; null when there are none, or several "
            "currencies",
            "近似商品的常规订单行金额（中位数）",
            unit="currency",
            is_nullable=True,
        ),
        Column(
            "estimated_lost_amount",
            MONEY,
            "unserved_customer_count x usual_line_amount: what it is worth if each of these customers orders one such line",
            "预计流失金额：未点击客户数 × 常规订单行金额",
            unit="currency",
            is_nullable=True,
        ),
        replace(SEARCH_TERMS.column("currency"), en="Currency of the amounts, ISO 4217; null when not told"),
    ),
    checks=(
        Check("something_failed", "zero_result_count + few_result_count > 0"),
        Check("failed_are_searches", "zero_result_count + few_result_count <= search_count"),
        Check("unserved_are_customers", "unserved_customer_count <= customer_count"),
        Check("estimate_has_a_price", "(usual_line_amount IS NULL) = (estimated_lost_amount IS NULL)"),
    ),
)
