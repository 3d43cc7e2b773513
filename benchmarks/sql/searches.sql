WITH clicks AS (
    SELECT search_id, event_date, clicked_at, position, sku_id, event_id
    FROM search_clicks WHERE event_type = 'click'
),
first_of_sku AS (
    SELECT q.search_id, q.event_date, c.sku_id, min(ROW(c.clicked_at, c.event_id)) AS place
    FROM search_requests q JOIN clicks c
        ON c.search_id = q.search_id AND c.event_date BETWEEN q.event_date AND q.event_date + 1
    GROUP BY ALL
),
clicked_skus AS (
    SELECT search_id, event_date, list(sku_id ORDER BY place) AS clicked_sku_ids FROM first_of_sku GROUP BY ALL
),
clicked AS (
    SELECT q.search_id, q.event_date,
        count(*) AS click_count,
        min(c.clicked_at) AS first_clicked_at,
        arg_min_null(c.position, ROW(c.clicked_at, c.event_id)) AS first_click_position
    FROM search_requests q JOIN clicks c
        ON c.search_id = q.search_id AND c.event_date BETWEEN q.event_date AND q.event_date + 1
    GROUP BY ALL
),
favorited AS (
    SELECT q.search_id, q.event_date, count(*) AS favorite_count, min(f.clicked_at) AS first_favorited_at
    FROM search_requests q JOIN search_clicks f
        ON f.search_id = q.search_id AND f.event_date BETWEEN q.event_date AND q.event_date + 1
    WHERE f.event_type = 'favorite'
    GROUP BY ALL
),
used AS (
    SELECT search_id, event_date, lead(event_date) OVER (PARTITION BY search_id ORDER BY event_date) AS used_again_date
    FROM search_requests
),
ordered AS (
    SELECT u.search_id, u.event_date,
        count(*) FILTER (l.search_attribution = 'exact') AS strict_order_line_count,
        coalesce(sum(l.amount) FILTER (l.search_attribution = 'exact'), 0) AS strict_amount,
        count(*) FILTER (l.search_attribution = 'exact' AND l.paid_at IS NOT NULL) AS strict_paid_line_count,
        count(*) AS windowed_order_line_count,
        sum(l.amount) AS windowed_amount,
        count(l.paid_at) AS windowed_paid_line_count,
        CASE WHEN min(l.currency) = max(l.currency) THEN min(l.currency) END AS currency,
        min(l.ordered_at) AS first_ordered_at,
        min(l.paid_at) AS first_paid_at
    FROM used u JOIN order_lines l
        ON l.search_id = u.search_id AND l.event_date BETWEEN u.event_date AND u.event_date + 7
        AND (u.used_again_date IS NULL OR u.used_again_date > u.event_date + 7 OR l.event_date < u.used_again_date)
    WHERE l.is_sale
    GROUP BY ALL
),
refined AS (
    SELECT q.search_id, q.event_date, count(o.search_id) > 0 AS is_refined
    FROM search_requests q LEFT JOIN search_requests o
        ON o.session_id = q.session_id AND o.event_date BETWEEN q.event_date AND q.event_date + 1
        AND o.searched_at > q.searched_at AND o.searched_at <= q.searched_at + INTERVAL 5 MINUTE AND o.query <> q.query
    GROUP BY ALL
),
acts AS (
    SELECT session_id, event_date, max(occurred_at) AS last_at
    FROM session_events WHERE event_type NOT IN ('search', 'search_result')
    GROUP BY ALL
),
acted AS (
    SELECT q.search_id, q.event_date, max(a.last_at) AS last_act_at
    FROM search_requests q JOIN acts a
        ON a.session_id = q.session_id AND a.event_date BETWEEN q.event_date AND q.event_date + 1
    GROUP BY ALL
),
others AS (
    SELECT q.search_id, q.event_date, max(o.last_searched_at) AS last_other_at
    FROM search_requests q JOIN search_requests o
        ON o.session_id = q.session_id AND o.event_date BETWEEN q.event_date AND q.event_date + 1
        AND (o.search_id <> q.search_id OR o.event_date <> q.event_date)
    GROUP BY ALL
)
SELECT
    q.event_date, q.search_id, q.is_derived, q.searched_at, q.session_id, q.customer_id, q.is_stitched, q.buyer_id,
    q.anonymous_id, q.channel, q.query_raw, q.query, q.result_count, q.resulted_at,
    q.result_count > 0 AS has_results,
    coalesce(c.click_count, 0) AS click_count,
    c.first_clicked_at, c.first_click_position,
    greatest(epoch_us(c.first_clicked_at - q.searched_at), CASE WHEN c.first_clicked_at IS NOT NULL THEN 0 END) / 1000000
        AS first_click_after_seconds,
    coalesce(k.clicked_sku_ids, []) AS clicked_sku_ids,
    coalesce(f.favorite_count, 0) AS favorite_count,
    f.first_favorited_at,
    r.is_refined,
    NOT coalesce(a.last_act_at >= q.searched_at, false) AND NOT coalesce(h.last_other_at >= q.searched_at, false) AS is_exit,
    coalesce(o.strict_order_line_count, 0) AS strict_order_line_count,
    coalesce(o.strict_amount, 0) AS strict_amount,
    coalesce(o.strict_paid_line_count, 0) AS strict_paid_line_count,
    coalesce(o.windowed_order_line_count, 0) AS windowed_order_line_count,
    coalesce(o.windowed_amount, 0) AS windowed_amount,
    coalesce(o.windowed_paid_line_count, 0) AS windowed_paid_line_count,
    o.currency, o.first_ordered_at, o.first_paid_at
FROM search_requests q
LEFT JOIN clicked c USING (search_id, event_date)
LEFT JOIN clicked_skus k USING (search_id, event_date)
LEFT JOIN favorited f USING (search_id, event_date)
LEFT JOIN ordered o USING (search_id, event_date)
LEFT JOIN refined r USING (search_id, event_date)
LEFT JOIN acted a USING (search_id, event_date)
LEFT JOIN others h USING (search_id, event_date)
