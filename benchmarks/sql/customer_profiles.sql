WITH confirmed AS (
    SELECT *, is_sale AND (paid_at IS NOT NULL OR status IN ('paid', 'shipped')) AS is_confirmed
    FROM orders
    WHERE customer_id IS NOT NULL AND $day - event_date BETWEEN 0 AND 179
),
judged AS (
    SELECT *, is_sale AND (is_confirmed OR NOT bool_or(is_confirmed) OVER (PARTITION BY landing_source)) AS has_payment
    FROM confirmed
),
sales AS (SELECT * FROM judged WHERE is_sale AND amount > 0),
visits AS (
    SELECT * FROM sessions
    WHERE customer_id IS NOT NULL AND view_count + search_count + click_count + favorite_count > 0
        AND $day - event_date BETWEEN 0 AND 179
),
searched AS (
    SELECT customer_id, query FROM search_requests
    WHERE customer_id IS NOT NULL AND $day - event_date BETWEEN 0 AND 179
),
known AS (
    SELECT customer_id FROM customers
    WHERE coalesce((registered_at AT TIME ZONE 'Asia/Shanghai')::DATE <= $day, true)
    UNION SELECT customer_id FROM orders WHERE customer_id IS NOT NULL AND $day - event_date BETWEEN 0 AND 179
    UNION SELECT customer_id FROM sessions WHERE customer_id IS NOT NULL AND $day - event_date BETWEEN 0 AND 179
    UNION SELECT customer_id FROM searched
    UNION SELECT customer_id FROM customer_interests
),
tops AS (
    SELECT customer_id,
        list(entity_id ORDER BY rank) FILTER (entity_type = 'sku')[:10] AS top_sku_ids,
        list(entity_id ORDER BY rank) FILTER (entity_type = 'category')[:10] AS top_category_ids,
        list(entity_id ORDER BY rank) FILTER (entity_type = 'brand')[:10] AS top_brands,
        list(entity_id ORDER BY rank) FILTER (entity_type = 'sku' AND view_count > 0 AND NOT has_ordered)[:10]
            AS viewed_not_ordered_sku_ids
    FROM customer_interests
    GROUP BY customer_id
),
query_counts AS (SELECT customer_id, query, count(*) AS size FROM searched GROUP BY ALL),
queries AS (
    SELECT customer_id, list(query ORDER BY size DESC, query)[:10] AS top_queries FROM query_counts GROUP BY customer_id
),
visited AS (
    SELECT customer_id, count(*) AS session_count, bool_or(is_stitched) AS is_stitched FROM visits GROUP BY customer_id
),
hours AS (
    SELECT customer_id, hour(started_at AT TIME ZONE 'Asia/Shanghai') AS hour, count(*) AS size FROM visits GROUP BY ALL
),
preferred_hours AS (SELECT customer_id, arg_max(hour, ROW(size, -hour)) AS preferred_hour FROM hours GROUP BY ALL),
active_days AS (
    SELECT customer_id, event_date FROM visits UNION SELECT customer_id, event_date FROM sales
),
active AS (SELECT customer_id, count(*) AS active_day_count FROM active_days GROUP BY ALL),
weekdays AS (SELECT customer_id, isodow(event_date) AS weekday, count(*) AS size FROM active_days GROUP BY ALL),
preferred_weekdays AS (
    SELECT customer_id, arg_max(weekday, ROW(size, -weekday)) AS preferred_weekday FROM weekdays GROUP BY ALL
),
order_days AS (
    SELECT customer_id, event_date, event_date - lag(event_date) OVER (PARTITION BY customer_id ORDER BY event_date) AS gap
    FROM (SELECT DISTINCT customer_id, event_date FROM sales)
),
rhythms AS (
    SELECT customer_id, count(*) AS order_day_count, median(gap) AS median_order_gap_days FROM order_days GROUP BY ALL
),
ordering AS (
    SELECT customer_id, count(*) AS order_count, min(ordered_at) AS first_ordered_at, max(ordered_at) AS last_ordered_at,
        $day - max(event_date) AS days_since_last_order, count(*) FILTER (is_from_search) AS search_order_count
    FROM sales
    GROUP BY customer_id
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY amount) AS place,
        count(*) OVER (PARTITION BY customer_id) AS size
    FROM judged
    WHERE has_payment AND amount > 0
),
paying AS (
    SELECT customer_id,
        CASE WHEN min(currency) = max(currency) THEN min(currency) END AS currency,
        count(*) AS paid_order_count,
        sum(amount) AS paid_amount,
        sum(amount) FILTER (place IN ((size + 1) // 2, size // 2 + 1)) AS middle_amount,
        count(*) FILTER (place IN ((size + 1) // 2, size // 2 + 1)) AS middle_count,
        min(amount) FILTER (place = (size * 90 + 99) // 100) AS p90_order_amount,
        sum(sku_count) AS sku_count
    FROM placed
    GROUP BY customer_id
),
given_back AS (
    SELECT customer_id, sum(net_sales_amount) AS given_back_amount
    FROM judged
    WHERE NOT is_sale OR (has_payment AND amount < 0)
    GROUP BY customer_id
),
joined AS (
    SELECT k.customer_id, c.name, c.region, c.customer_type, c.registered_at,
        coalesce(v.is_stitched, false) AS is_stitched,
        coalesce(t.top_sku_ids, []) AS top_sku_ids, coalesce(t.top_category_ids, []) AS top_category_ids,
        coalesce(t.top_brands, []) AS top_brands, coalesce(q.top_queries, []) AS top_queries,
        coalesce(t.viewed_not_ordered_sku_ids, []) AS viewed_not_ordered_sku_ids,
        coalesce(a.active_day_count, 0) AS active_day_count, coalesce(v.session_count, 0) AS session_count,
        w.preferred_weekday, h.preferred_hour,
        coalesce(o.order_count, 0) AS order_count, coalesce(r.order_day_count, 0) AS order_day_count,
        o.first_ordered_at, o.last_ordered_at, r.median_order_gap_days, o.days_since_last_order,
        coalesce(o.search_order_count, 0) AS search_order_count,
        o.search_order_count / o.order_count AS search_order_ratio,
        p.currency, coalesce(p.paid_order_count, 0) AS paid_order_count, coalesce(p.paid_amount, 0) AS paid_amount,
        coalesce(p.paid_amount, 0) + coalesce(g.given_back_amount, 0) AS net_paid_amount,
        half_even(p.paid_amount, p.paid_order_count) AS average_order_amount,
        half_even(p.middle_amount, p.middle_count) AS median_order_amount,
        p.p90_order_amount, p.sku_count / p.paid_order_count AS skus_per_order,
        CASE WHEN r.order_day_count >= 3 THEN r.median_order_gap_days END AS own_rhythm
    FROM known k
    LEFT JOIN customers c USING (customer_id)
    LEFT JOIN tops t USING (customer_id)
    LEFT JOIN queries q USING (customer_id)
    LEFT JOIN visited v USING (customer_id)
    LEFT JOIN preferred_hours h USING (customer_id)
    LEFT JOIN active a USING (customer_id)
    LEFT JOIN preferred_weekdays w USING (customer_id)
    LEFT JOIN rhythms r USING (customer_id)
    LEFT JOIN ordering o USING (customer_id)
    LEFT JOIN paying p USING (customer_id)
    LEFT JOIN given_back g USING (customer_id)
),
paced AS (
    SELECT *, greatest(coalesce(own_rhythm, (SELECT median(own_rhythm) FROM joined), 30), 7) AS rhythm FROM joined
)
SELECT $day AS as_of, * EXCLUDE (own_rhythm, rhythm),
    CASE
        WHEN order_count = 0 AND (session_count > 0 OR len(top_sku_ids) > 0 OR len(top_queries) > 0) THEN 'browsing'
        WHEN order_count = 0 THEN 'registered'
        WHEN days_since_last_order > 4 * rhythm THEN 'lost'
        WHEN days_since_last_order > 2.5 * rhythm THEN 'dormant'
        WHEN days_since_last_order > 1.5 * rhythm THEN 'slowing'
        WHEN order_day_count >= 3 THEN 'active'
        ELSE 'new'
    END AS lifecycle
FROM paced
