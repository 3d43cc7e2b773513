WITH acts AS (
    SELECT event_date, customer_id, sku_id, is_stitched, occurred_at AS act_at,
        CASE WHEN event_type = 'view' THEN occurred_at END AS viewed_at,
        CASE WHEN event_type = 'click' THEN occurred_at END AS clicked_at,
        CASE WHEN event_type = 'favorite' AND action IS DISTINCT FROM 'remove' THEN occurred_at END AS favorited_at,
        CASE WHEN event_type = 'favorite' AND action = 'remove' THEN occurred_at END AS unfavorited_at,
        NULL::TIMESTAMPTZ AS ordered_at, 0 AS quantity, 0::DECIMAL(38, 4) AS amount, NULL AS currency
    FROM session_events
    WHERE event_type IN ('view', 'click', 'favorite') AND customer_id IS NOT NULL
    UNION ALL
    SELECT event_date, customer_id, sku_id, is_stitched, ordered_at, NULL, NULL, NULL, NULL, ordered_at, quantity, amount,
        currency
    FROM order_lines
    WHERE is_sale AND customer_id IS NOT NULL
)
SELECT
    event_date, customer_id, sku_id,
    bool_or(is_stitched) AS is_stitched,
    count(viewed_at) AS view_count,
    count(clicked_at) AS click_count,
    count(favorited_at) AS favorite_count,
    count(unfavorited_at) AS unfavorite_count,
    count(ordered_at) AS order_line_count,
    sum(quantity) AS quantity,
    sum(amount) AS amount,
    CASE WHEN min(currency) = max(currency) THEN min(currency) END AS currency,
    min(act_at) AS first_at,
    max(act_at) AS last_at,
    min(viewed_at) AS first_view_at,
    max(viewed_at) AS last_view_at,
    max(favorited_at) AS last_favorite_at,
    max(unfavorited_at) AS last_unfavorite_at,
    min(ordered_at) AS first_order_at,
    max(ordered_at) AS last_order_at
FROM acts
GROUP BY event_date, customer_id, sku_id
