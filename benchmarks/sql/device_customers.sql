WITH seen AS (
    SELECT event_date, anonymous_id, customer_id, occurred_at, client_at, event_id,
        customer_id IS DISTINCT FROM lag(customer_id) OVER on_device AS is_new
    FROM events
    WHERE anonymous_id IS NOT NULL
    WINDOW on_device AS (
        PARTITION BY event_date, anonymous_id, customer_id IS NULL ORDER BY occurred_at, client_at, event_id
    )
),
numbered AS (
    SELECT *, sum(is_new::INT) OVER (
        PARTITION BY event_date, anonymous_id, customer_id IS NULL
        ORDER BY occurred_at, client_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS stay
    FROM seen
)
SELECT
    event_date, anonymous_id, customer_id,
    min(occurred_at) AS first_at,
    arg_min(client_at, ROW(occurred_at, client_at, event_id)) AS first_client_at,
    arg_min(event_id, ROW(occurred_at, client_at, event_id)) AS first_event_id,
    max(occurred_at) AS last_at,
    arg_max(client_at, ROW(occurred_at, client_at, event_id)) AS last_client_at,
    arg_max(event_id, ROW(occurred_at, client_at, event_id)) AS last_event_id
FROM numbered
GROUP BY event_date, anonymous_id, customer_id, stay
