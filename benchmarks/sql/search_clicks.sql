WITH acts AS (
    SELECT *, coalesce('c' || customer_id, 'd' || anonymous_id) AS actor
    FROM session_events
    WHERE event_type = 'click' OR (event_type = 'favorite' AND action IS DISTINCT FROM 'remove')
),
searches AS (
    SELECT coalesce('c' || customer_id, 'd' || anonymous_id) AS actor, started_at, max(search_id) AS search_id
    FROM search_requests
    GROUP BY ALL
)
SELECT
    a.event_date, a.event_id, a.event_type, a.occurred_at AS clicked_at, a.customer_id, a.is_stitched, a.anonymous_id,
    a.session_id, a.sku_id, a.position,
    coalesce(a.search_id, CASE WHEN a.occurred_at - s.started_at <= INTERVAL 30 MINUTE THEN s.search_id END) AS search_id,
    a.search_id IS NULL AS is_derived
FROM acts a ASOF LEFT JOIN searches s ON s.actor = a.actor AND a.occurred_at >= s.started_at
WHERE coalesce(a.search_id, CASE WHEN a.occurred_at - s.started_at <= INTERVAL 30 MINUTE THEN s.search_id END) IS NOT NULL
