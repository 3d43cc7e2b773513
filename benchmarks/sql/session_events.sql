WITH parts AS (
    SELECT *, row_number() OVER (PARTITION BY event_date, visit_key ORDER BY started_at) AS stretch FROM visit_parts
),
last_of_day AS (SELECT * FROM parts QUALIFY stretch = max(stretch) OVER (PARTITION BY event_date, visit_key)),
crossings AS (
    SELECT f.first_event_id, l.first_event_id AS previous_event_id, f.first_customer_id
    FROM parts f JOIN last_of_day l ON f.visit_key = l.visit_key AND f.event_date = l.event_date + 1
    WHERE f.stretch = 1 AND (f.visit_key LIKE 's%' OR f.started_at - l.ended_at <= INTERVAL 30 MINUTE)
),
came AS (
    SELECT c.first_event_id, c.previous_event_id, p.first_event_id IS NULL AS is_joined
    FROM crossings c LEFT JOIN crossings p ON c.previous_event_id = p.first_event_id
),
stretches AS (
    SELECT
        parts.event_date, parts.visit_key, parts.stretch,
        CASE WHEN parts.visit_key LIKE 's%' THEN parts.visit_key[2:]
             WHEN came.is_joined THEN 's-' || came.previous_event_id
             ELSE 's-' || parts.first_event_id END AS session_id,
        CASE WHEN came.is_joined THEN parts.event_date - 1 ELSE parts.event_date END AS session_date,
        CASE WHEN came.previous_event_id IS NULL THEN after.first_customer_id END AS later_customer_id
    FROM parts
    LEFT JOIN came ON came.first_event_id = parts.first_event_id
    LEFT JOIN crossings after ON after.previous_event_id = parts.first_event_id
),
keyed AS (
    SELECT event_date, event_id, anonymous_id, customer_id, occurred_at, client_at, session_id AS sent_session_id,
        coalesce('s' || session_id, 'd' || anonymous_id, 'c' || customer_id) AS visit_key
    FROM events
),
parted AS (
    SELECT *, coalesce(sent_session_id IS NULL AND occurred_at - lag(occurred_at) OVER visit > INTERVAL 30 MINUTE, false)
        AS is_new
    FROM keyed
    WINDOW visit AS (PARTITION BY event_date, visit_key ORDER BY occurred_at, client_at, event_id)
),
numbered AS (
    SELECT *, 1 + sum(is_new::INT) OVER (
        PARTITION BY event_date, visit_key ORDER BY occurred_at, client_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS stretch
    FROM parted
),
looked_around AS (
    SELECT event_date, event_id, anonymous_id, customer_id, visit_key, stretch,
        CASE WHEN customer_id IS NULL THEN first_value(customer_id IGNORE NULLS) OVER (
            PARTITION BY event_date, visit_key, stretch ORDER BY occurred_at, client_at, event_id
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) END AS next_customer_id,
        CASE WHEN customer_id IS NULL THEN last_value(customer_id IGNORE NULLS) OVER (
            PARTITION BY event_date, anonymous_id ORDER BY occurred_at, client_at, event_id ROWS UNBOUNDED PRECEDING
        ) END AS last_customer_id
    FROM numbered
),
resolved AS (
    SELECT
        l.event_id, s.session_id, s.session_date, l.customer_id AS sent_customer_id,
        coalesce(l.customer_id, CASE WHEN NOT i.is_shared THEN
            coalesce(l.next_customer_id, s.later_customer_id, l.last_customer_id, i.previous_customer_id)
        END) AS customer_id
    FROM looked_around l
    JOIN stretches s ON s.event_date = l.event_date AND s.visit_key = l.visit_key AND s.stretch = l.stretch
    LEFT JOIN identities i ON i.event_date = l.event_date AND i.anonymous_id = l.anonymous_id
)
SELECT
    e.event_date, e.event_id, e.event_type, e.occurred_at, e.client_at, r.session_id, r.session_date, r.customer_id,
    r.sent_customer_id IS NULL AND r.customer_id IS NOT NULL AS is_stitched,
    e.buyer_id, e.anonymous_id, e.placed_by, e.channel, e.landing_source, e.source, e.campaign_id, e.search_id, e.sku_id,
    e.price, e.category_id, e.dwell_seconds, e.action, e.query, e.result_count, e.page, e.position, e.list, e.order_id,
    e.status, e.amount, e.currency
FROM events e JOIN resolved r ON r.event_id = e.event_id
