WITH seen AS (SELECT DISTINCT event_date, anonymous_id FROM device_customers),
looked_back AS (
    SELECT seen.event_date, seen.anonymous_id, d.event_date AS seen_date, d.customer_id, d.first_at, d.last_at,
        ROW(d.last_at, d.last_client_at, d.last_event_id) AS place
    FROM seen JOIN device_customers d
        ON d.anonymous_id = seen.anonymous_id AND d.event_date BETWEEN seen.event_date - 29 AND seen.event_date
),
devices AS (
    SELECT
        event_date, anonymous_id,
        arg_max(customer_id, place) FILTER (customer_id IS NOT NULL) AS customer_id,
        arg_max(customer_id, place) FILTER (customer_id IS NOT NULL AND seen_date < event_date) AS previous_customer_id,
        count(DISTINCT customer_id) AS customer_count,
        min(first_at) AS first_seen_at,
        max(last_at) AS last_seen_at
    FROM looked_back
    GROUP BY event_date, anonymous_id
)
SELECT
    event_date, anonymous_id,
    CASE WHEN customer_count < 4 THEN customer_id END AS customer_id,
    CASE WHEN customer_count < 4 THEN previous_customer_id END AS previous_customer_id,
    customer_count,
    customer_count >= 4 AS is_shared,
    first_seen_at, last_seen_at
FROM devices
