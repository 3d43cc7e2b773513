"""Oracle of `customer_sku_days`: SQL over the day's session events and order lines, each count by itself."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tests.oracles import sql

QUERY = """
    WITH pairs AS (
        SELECT customer_id, sku_id FROM session_events
        WHERE event_date = $day AND event_type IN ('view', 'click', 'favorite') AND customer_id IS NOT NULL
        UNION
        SELECT customer_id, sku_id FROM order_lines
        WHERE event_date = $day AND status NOT IN ('cancelled', 'returned') AND customer_id IS NOT NULL
    ),
    browsed AS (
        SELECT
            customer_id,
            sku_id,
            bool_or(is_stitched) AS is_stitched,
            count(*) FILTER (event_type = 'view') AS view_count,
            count(*) FILTER (event_type = 'click') AS click_count,
            count(*) FILTER (event_type = 'favorite' AND coalesce(action, 'add') = 'add') AS favorite_count,
            count(*) FILTER (event_type = 'favorite' AND action = 'remove') AS unfavorite_count,
            min(occurred_at) AS first_at,
            max(occurred_at) AS last_at,
            min(occurred_at) FILTER (event_type = 'view') AS first_view_at,
            max(occurred_at) FILTER (event_type = 'view') AS last_view_at,
            max(occurred_at) FILTER (event_type = 'favorite' AND coalesce(action, 'add') = 'add') AS last_favorite_at,
            max(occurred_at) FILTER (event_type = 'favorite' AND action = 'remove') AS last_unfavorite_at
        FROM session_events
        WHERE event_date = $day AND event_type IN ('view', 'click', 'favorite')
        GROUP BY ALL
    ),
    ordered AS (
        SELECT
            customer_id,
            sku_id,
            bool_or(is_stitched) AS is_stitched,
            count(*) AS order_line_count,
            sum(quantity) AS quantity,
            sum(amount) AS amount,
            CASE WHEN count(DISTINCT currency) = 1 THEN any_value(currency) END AS currency,
            min(ordered_at) AS first_at,
            max(ordered_at) AS last_order_at
        FROM order_lines
        WHERE event_date = $day AND status NOT IN ('cancelled', 'returned')
        GROUP BY ALL
    )
    SELECT
        pairs.customer_id,
        pairs.sku_id,
        coalesce(browsed.is_stitched, false) OR coalesce(ordered.is_stitched, false) AS is_stitched,
        coalesce(view_count, 0) AS view_count,
        coalesce(click_count, 0) AS click_count,
        coalesce(favorite_count, 0) AS favorite_count,
        coalesce(unfavorite_count, 0) AS unfavorite_count,
        coalesce(order_line_count, 0) AS order_line_count,
        coalesce(quantity, 0) AS quantity,
        coalesce(amount, 0) AS amount,
        currency,
        least(browsed.first_at, ordered.first_at) AS first_at,
        greatest(browsed.last_at, ordered.last_order_at) AS last_at,
        first_view_at,
        last_view_at,
        last_favorite_at,
        last_unfavorite_at,
        ordered.first_at AS first_order_at,
        last_order_at
    FROM pairs
    LEFT JOIN browsed USING (customer_id, sku_id)
    LEFT JOIN ordered USING (customer_id, sku_id)
    ORDER BY customer_id, sku_id
"""


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows of the day."""
    return sql.rows(QUERY, "customer_sku_days", tables, day)
