"""Sessions and customers of events once more, in SQL over all events of all days, for histories too long for Python.

`QUERY` reads a relation `events` and gives event_id, session_id, session_date, customer_id, is_stitched.
"""

QUERY = """
WITH sent AS (
    SELECT
        event_id, event_date, occurred_at, customer_id, anonymous_id, session_id,
        row_number() OVER (ORDER BY occurred_at, client_at, event_id) AS place,
        CASE
            WHEN session_id IS NOT NULL THEN ('session', session_id)
            WHEN anonymous_id IS NOT NULL THEN ('device', anonymous_id)
            ELSE ('customer', customer_id)
        END AS visitor
    FROM events
),
-- A visit is parted where half an hour passes, or a whole day where the client names the session.
parted AS (
    SELECT
        *,
        coalesce(
            CASE WHEN session_id IS NOT NULL
                THEN event_date - lag(event_date) OVER visit > 1
                ELSE occurred_at - lag(occurred_at) OVER visit > INTERVAL 30 MINUTE
            END,
            true
        ) AS is_first
    FROM sent WINDOW visit AS (PARTITION BY visitor ORDER BY place)
),
runs AS (
    SELECT *, count(*) FILTER (is_first) OVER (PARTITION BY visitor ORDER BY place) AS run FROM parted
),
-- The first two days of a run are one session, every later day is one of its own.
days AS (
    SELECT *, greatest(event_date - min(event_date) OVER (PARTITION BY visitor, run), 1) AS part FROM runs
),
in_sessions AS (
    SELECT
        *,
        coalesce(session_id, 's-' || first_value(event_id) OVER part_of_run) AS resolved_session_id,
        first_value(event_date) OVER part_of_run AS session_date,
        first_value(customer_id IGNORE NULLS) OVER (
            PARTITION BY visitor, run, part ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_customer_id
    FROM days WINDOW part_of_run AS (PARTITION BY visitor, run, part ORDER BY place)
),
on_devices AS (
    SELECT
        *,
        last_value(CASE WHEN customer_id IS NOT NULL THEN {'customer_id': customer_id, 'seen_on': event_date} END
            IGNORE NULLS) OVER (
            PARTITION BY anonymous_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_seen
    FROM in_sessions
),
device_days AS (SELECT DISTINCT anonymous_id, event_date FROM sent WHERE anonymous_id IS NOT NULL),
customer_days AS (
    SELECT DISTINCT anonymous_id, event_date, customer_id FROM sent
    WHERE anonymous_id IS NOT NULL AND customer_id IS NOT NULL
),
shared AS (
    SELECT device_days.anonymous_id, device_days.event_date
    FROM device_days JOIN customer_days
        ON customer_days.anonymous_id = device_days.anonymous_id
        AND device_days.event_date - customer_days.event_date BETWEEN 0 AND 29
    GROUP BY ALL
    HAVING count(DISTINCT customer_id) >= 4
),
found AS (
    SELECT
        on_devices.*,
        CASE WHEN customer_id IS NULL AND shared.anonymous_id IS NULL THEN coalesce(
            next_customer_id,
            CASE WHEN on_devices.event_date - last_seen.seen_on <= 29 THEN last_seen.customer_id END
        ) END AS found_customer_id
    FROM on_devices LEFT JOIN shared USING (anonymous_id, event_date)
)
SELECT
    event_id,
    resolved_session_id AS session_id,
    session_date,
    coalesce(customer_id, found_customer_id) AS customer_id,
    found_customer_id IS NOT NULL AS is_stitched
FROM found
"""
