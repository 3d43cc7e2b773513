"""Who viewed or favourited products in the last days, and has not bought them. A row is a company and a product."""

from typing import Any

import pyarrow as pa

from maidian.audiences.definition import SkuDayAudience
from maidian.audiences.sources.source import ListColumn, Row, Source
from maidian.options import Language
from schemas.tables.declaration import BOOLEAN, COUNT, DATE

# As in `sku_viewers`: at equal instants the removal from the favourites wins.
MATCHED = """
    WITH looked AS (
        SELECT d.customer_id, d.sku_id, any_value(s.category_id) AS category_id,
            sum(d.view_count)::BIGINT AS view_count,
            coalesce(max(d.last_favorite_at) > coalesce(max(d.last_unfavorite_at), '-infinity'::TIMESTAMPTZ), false)
                AS is_favorited,
            max(d.event_date) FILTER (d.view_count > 0 OR d.favorite_count > 0) AS last_looked_date
        FROM customer_sku_days AS d LEFT JOIN skus AS s USING (sku_id)
        WHERE d.event_date > $as_of - $within_days::INTEGER AND d.event_date <= $as_of
            AND (len($sku_ids::VARCHAR[]) = 0 OR list_contains($sku_ids::VARCHAR[], d.sku_id))
            AND (len($category_ids::VARCHAR[]) = 0 OR list_contains($category_ids::VARCHAR[], s.category_id))
            AND (len($brands::VARCHAR[]) = 0 OR list_contains($brands::VARCHAR[], s.brand))
        GROUP BY d.customer_id, d.sku_id
        HAVING (list_contains($acts::VARCHAR[], 'viewed') AND view_count > 0)
            OR (list_contains($acts::VARCHAR[], 'favorited') AND is_favorited)
    ), sold AS (
        SELECT DISTINCT d.customer_id, d.sku_id, s.category_id
        FROM customer_sku_days AS d LEFT JOIN skus AS s USING (sku_id)
        WHERE d.order_line_count > 0 AND d.event_date > $as_of - $not_ordered_days::INTEGER AND d.event_date <= $as_of
    )
    SELECT k.customer_id, k.sku_id, k.view_count, k.is_favorited, k.last_looked_date, v.score
    FROM looked AS k LEFT JOIN sku_viewers AS v USING (customer_id, sku_id)
    WHERE $not_ordered = 'nothing' OR NOT EXISTS (
        FROM sold WHERE sold.customer_id = k.customer_id
            AND (sold.sku_id = k.sku_id OR ($not_ordered = 'category' AND sold.category_id = k.category_id))
    )
"""


def reason(row: Row, conditions: Any, language: Language) -> str:
    """What the company did with the product, and when last."""
    views, is_favorited, day = row["view_count"], row["is_favorited"], row["last_looked_date"]
    days, span = conditions.within_days, conditions.not_ordered_days
    if language == "zh":
        did = "、".join([f"浏览 {views} 次"] * (views > 0) + ["已收藏"] * is_favorited)
        bought = {
            "product": f"，近 {span} 天未购买该商品",
            "category": f"，近 {span} 天未购买该类目商品",
            "nothing": "",
        }
        return f"近 {days} 天{did}，最近一次 {day}{bought[conditions.not_ordered]}"
    did = " and ".join([f"viewed it {views} time{'s' * (views > 1)}"] * (views > 0) + ["favourited it"] * is_favorited)
    bought = {
        "product": f"; has not bought it in {span} days",
        "category": f"; has bought nothing of its category in {span} days",
        "nothing": "",
    }
    return f"{did[0].upper()}{did[1:]} in the last {days} days, last on {day}{bought[conditions.not_ordered]}"


SOURCE = Source(
    name="customer_sku_days",
    shape=SkuDayAudience,
    tables=("customer_sku_days", "sku_viewers", "skus"),
    matched=MATCHED,
    columns=(
        ListColumn("view_count", COUNT, "views", "浏览次数"),
        ListColumn("is_favorited", BOOLEAN, "favourited", "已收藏"),
        ListColumn("last_looked_date", DATE, "last looked", "最近关注"),
        ListColumn("score", pa.float64(), "interest", "兴趣分"),
    ),
    orders=("score", "view_count", "is_favorited", "last_looked_date"),
    default_order=("score desc", "last_looked_date desc"),
    reason=reason,
    reason_reads=("view_count", "is_favorited", "last_looked_date"),
)
