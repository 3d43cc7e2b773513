WITH days AS (
    SELECT *,
        (view_count + click_count + 3 * favorite_count + 5 * order_line_count)
        * round(1000000 * pow(2, -($day - event_date) / 30))::BIGINT AS points
    FROM customer_sku_days
    WHERE $day - event_date BETWEEN 0 AND 119
),
by_sku AS (
    SELECT customer_id, sku_id, bool_or(is_stitched) AS is_stitched, sum(view_count) AS view_count,
        sum(click_count) AS click_count, sum(favorite_count) AS favorite_count,
        sum(order_line_count) AS order_line_count, sum(points) AS points, min(first_at) AS first_at, max(last_at) AS last_at
    FROM days
    GROUP BY ALL
    HAVING sum(view_count) + sum(click_count) + sum(favorite_count) + sum(order_line_count) > 0
),
known AS (SELECT b.*, s.name, s.category_id, s.category_name, s.brand FROM by_sku b LEFT JOIN skus s USING (sku_id)),
shelves AS (SELECT category_id, min(category_name) AS category_name FROM skus GROUP BY ALL),
entities AS (
    SELECT customer_id, 'sku' AS entity_type, sku_id AS entity_id, name AS entity_name, is_stitched, view_count, click_count,
        favorite_count, order_line_count, points, first_at, last_at
    FROM known
    UNION ALL
    SELECT customer_id, 'category', k.category_id, any_value(h.category_name), bool_or(is_stitched), sum(view_count),
        sum(click_count), sum(favorite_count), sum(order_line_count), sum(points), min(first_at), max(last_at)
    FROM known k JOIN shelves h ON h.category_id = k.category_id
    GROUP BY customer_id, k.category_id
    UNION ALL
    SELECT customer_id, 'brand', brand, brand, bool_or(is_stitched), sum(view_count), sum(click_count),
        sum(favorite_count), sum(order_line_count), sum(points), min(first_at), max(last_at)
    FROM known
    WHERE brand IS NOT NULL
    GROUP BY customer_id, brand
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id, entity_type ORDER BY points DESC, entity_id) AS rank
    FROM entities
    QUALIFY rank <= 100
),
first_orders AS (
    SELECT customer_id, min(ordered_at) AS first_ordered_at FROM orders
    WHERE is_sale AND $day - event_date BETWEEN 0 AND 179
    GROUP BY customer_id
)
SELECT
    $day AS as_of, r.customer_id, r.entity_type, r.entity_id, r.entity_name, r.is_stitched, r.rank,
    r.points / 1000000 AS score,
    r.view_count, r.click_count, r.favorite_count, r.order_line_count, r.first_at, r.last_at,
    r.order_line_count > 0 AS has_ordered,
    coalesce(r.last_at < f.first_ordered_at, true) AS is_before_first_order
FROM ranked r LEFT JOIN first_orders f USING (customer_id)
