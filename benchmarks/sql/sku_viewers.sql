WITH weighed AS (
    SELECT *,
        (view_count + click_count + 3 * favorite_count + 5 * order_line_count)
        * round(1000000 * pow(2, -($day - event_date) / 30))::BIGINT AS points
    FROM customer_sku_days
    WHERE $day - event_date BETWEEN 0 AND 29
),
sales AS (
    SELECT sku_id, customer_id, max(last_order_at) AS last_ordered_at
    FROM customer_sku_days
    WHERE $day - event_date BETWEEN 0 AND 179 AND order_line_count > 0
    GROUP BY sku_id, customer_id
)
SELECT
    $day AS as_of, sku_id, customer_id,
    bool_or(is_stitched) AS is_stitched,
    sum(view_count) AS view_count,
    sum(favorite_count) AS favorite_count,
    sum(click_count) AS click_count,
    min(first_view_at) AS first_viewed_at,
    max(last_view_at) AS last_viewed_at,
    coalesce(max(last_favorite_at) > coalesce(max(last_unfavorite_at), '0001-01-01'), false) AS is_favorited,
    any_value(last_ordered_at) IS NOT NULL AS has_ordered,
    any_value(last_ordered_at) AS last_ordered_at,
    sum(points) / 1000000 AS score
FROM weighed LEFT JOIN sales USING (sku_id, customer_id)
GROUP BY sku_id, customer_id
HAVING sum(view_count) + sum(click_count) + sum(favorite_count) > 0
