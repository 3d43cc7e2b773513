SELECT
    event_date, anonymous_id, customer_id,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    arg_max(client_at, ROW(occurred_at, client_at, event_id)) AS last_client_at,
    arg_max(event_id, ROW(occurred_at, client_at, event_id)) AS last_event_id
FROM events
WHERE anonymous_id IS NOT NULL
GROUP BY event_date, anonymous_id, customer_id
