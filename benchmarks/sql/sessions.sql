SELECT
    session_date AS event_date,
    session_id,
    arg_min(customer_id, ROW(occurred_at, client_at, event_id)) FILTER (customer_id IS NOT NULL) AS customer_id,
    bool_or(is_stitched) AS is_stitched,
    arg_min(buyer_id, ROW(occurred_at, client_at, event_id)) FILTER (buyer_id IS NOT NULL) AS buyer_id,
    arg_min(anonymous_id, ROW(occurred_at, client_at, event_id)) FILTER (anonymous_id IS NOT NULL) AS anonymous_id,
    arg_min(channel, ROW(occurred_at, client_at, event_id)) AS channel,
    arg_min(landing_source, ROW(occurred_at, client_at, event_id)) AS landing_source,
    min(occurred_at) AS started_at,
    max(occurred_at) AS ended_at,
    epoch_us(max(occurred_at) - min(occurred_at)) / 1000000 AS duration_seconds,
    count(*) AS event_count,
    count(*) FILTER (event_type = 'view') AS view_count,
    count(DISTINCT sku_id) FILTER (event_type IN ('view', 'click', 'favorite')) AS distinct_sku_count,
    count(*) FILTER (event_type = 'search') AS search_count,
    count(*) FILTER (event_type = 'click') AS click_count,
    count(*) FILTER (event_type = 'favorite' AND action IS DISTINCT FROM 'remove') AS favorite_count,
    count(DISTINCT order_id) FILTER (event_type = 'order' AND status = 'placed') AS order_count,
    count(*) = 1 AS is_bounce
FROM session_events
WHERE session_date IN (SELECT event_date FROM session_events)
GROUP BY session_date, session_id
