"""Oracle of `sku_viewers`: SQL over the days; the score is taken over integers of millionths by definition.

The nearest float of such a sum is that of its decimal text: divided as a float, one past 2^53 would be rounded twice.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tests.oracles import sql

QUERY = """
    WITH window_days AS (
        SELECT *, $day - event_date AS age_days FROM customer_sku_days WHERE $day - event_date BETWEEN 0 AND 29
    ),
    sales AS (
        SELECT sku_id, customer_id, max(last_order_at) AS last_ordered_at
        FROM customer_sku_days
        WHERE $day - event_date BETWEEN 0 AND 179 AND order_line_count > 0
        GROUP BY sku_id, customer_id
    )
    SELECT
        sku_id,
        customer_id,
        bool_or(is_stitched) AS is_stitched,
        sum(view_count) AS view_count,
        sum(favorite_count) AS favorite_count,
        sum(click_count) AS click_count,
        min(first_view_at) AS first_viewed_at,
        max(last_view_at) AS last_viewed_at,
        coalesce(max(last_favorite_at) > coalesce(max(last_unfavorite_at), '0001-01-01'), false) AS is_favorited,
        any_value(last_ordered_at) IS NOT NULL AS has_ordered,
        any_value(last_ordered_at) AS last_ordered_at,
        (sum(
            (view_count + click_count + 3 * favorite_count + 5 * order_line_count)
            * round(1000000 * pow(2, -age_days / 30))::BIGINT
        )::DECIMAL(30, 0) * 0.000001)::VARCHAR::DOUBLE AS score
    FROM window_days LEFT JOIN sales USING (sku_id, customer_id)
    GROUP BY sku_id, customer_id
    HAVING sum(view_count) > 0 OR sum(click_count) > 0 OR sum(favorite_count) > 0
    ORDER BY sku_id, customer_id
"""


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows as of the day."""
    return sql.rows(QUERY, "sku_viewers", tables, day)
