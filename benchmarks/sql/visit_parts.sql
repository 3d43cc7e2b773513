WITH keyed AS (
    SELECT event_date, event_id, customer_id, occurred_at, client_at, session_id,
        coalesce('s' || session_id, 'd' || anonymous_id, 'c' || customer_id) AS visit_key
    FROM events
),
parted AS (
    SELECT *,
        coalesce(session_id IS NULL AND occurred_at - lag(occurred_at) OVER visit > INTERVAL 30 MINUTE, false) AS is_new
    FROM keyed
    WINDOW visit AS (PARTITION BY event_date, visit_key ORDER BY occurred_at, client_at, event_id)
),
numbered AS (
    SELECT *, sum(is_new::INT) OVER (
        PARTITION BY event_date, visit_key ORDER BY occurred_at, client_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS stretch
    FROM parted
)
SELECT
    event_date, visit_key,
    min(occurred_at) AS started_at,
    max(occurred_at) AS ended_at,
    arg_min(event_id, ROW(occurred_at, client_at, event_id)) AS first_event_id,
    arg_min(customer_id, ROW(occurred_at, client_at, event_id)) FILTER (customer_id IS NOT NULL) AS first_customer_id
FROM numbered
GROUP BY event_date, visit_key, stretch
