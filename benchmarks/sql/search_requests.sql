WITH wordings AS (
    SELECT query AS query_raw, normalized(query) AS query
    FROM (SELECT DISTINCT query FROM session_events WHERE event_type IN ('search', 'search_result') AND query IS NOT NULL)
),
said AS (
    SELECT s.event_date, s.event_id, s.event_type, s.occurred_at, s.client_at, s.session_id, s.customer_id, s.is_stitched,
        s.buyer_id, s.anonymous_id, s.channel, s.search_id, s.result_count, s.page,
        s.query AS query_raw, w.query,
        coalesce('d' || s.anonymous_id, 'c' || s.customer_id) AS actor
    FROM session_events s LEFT JOIN wordings w ON w.query_raw = s.query
    WHERE s.event_type IN ('search', 'search_result')
),
unnamed AS (
    SELECT *,
        coalesce(
            occurred_at - lag(occurred_at) OVER acted <= INTERVAL 30 SECOND AND starts_with(query, lag(query) OVER acted),
            false
        ) AS goes_on
    FROM said
    WHERE event_type = 'search' AND search_id IS NULL
    WINDOW acted AS (PARTITION BY actor ORDER BY occurred_at, client_at, event_id)
),
chained AS (
    SELECT * EXCLUDE (goes_on), sum((NOT goes_on)::INT) OVER (
        PARTITION BY actor ORDER BY occurred_at, client_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS chain
    FROM unnamed
),
named AS (
    SELECT * EXCLUDE (chain), first_value(event_id) OVER (
        PARTITION BY actor, chain ORDER BY occurred_at, client_at, event_id
    ) AS name, true AS is_derived, NULL::DATE AS name_date
    FROM chained
    UNION ALL
    SELECT s.*, s.search_id, false, s.event_date
    FROM said s ANTI JOIN (SELECT DISTINCT search_id, event_date + 1 AS event_date FROM said WHERE event_type = 'search') d
        ON d.search_id = s.search_id AND d.event_date = s.event_date
    WHERE s.event_type = 'search' AND s.search_id IS NOT NULL
),
whole AS (
    SELECT *,
        last_value(query) OVER searched AS whole_query,
        min(occurred_at) OVER searched AS started_at,
        max(occurred_at) OVER searched AS last_searched_at,
        count(*) OVER searched AS event_count
    FROM named
    WINDOW searched AS (
        PARTITION BY name, name_date ORDER BY occurred_at, client_at, event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),
typed AS (SELECT * FROM whole WHERE query = whole_query),
requests AS (
    SELECT * FROM typed
    QUALIFY row_number() OVER (PARTITION BY name, name_date ORDER BY occurred_at, client_at, event_id) = 1
),
results AS (SELECT * FROM said WHERE event_type = 'search_result' AND coalesce(page, 1) <= 1),
by_name AS (
    SELECT q.name, q.event_date, r.occurred_at, r.client_at, r.event_id, r.result_count
    FROM results r JOIN requests q ON q.name = r.search_id AND r.event_date BETWEEN q.event_date - 1 AND q.event_date + 1
    WHERE coalesce(r.query = q.query, true)
),
by_query AS (
    SELECT t.name, t.name_date, r.occurred_at, r.client_at, r.event_id, r.result_count, t.occurred_at AS typed_at
    FROM (SELECT * FROM results WHERE search_id IS NULL) r
    ASOF JOIN (
        SELECT * FROM typed
        QUALIFY row_number() OVER (PARTITION BY actor, query, occurred_at ORDER BY client_at DESC, event_id DESC) = 1
    ) t ON t.actor = r.actor AND t.query = r.query AND r.occurred_at >= t.occurred_at
    WHERE r.occurred_at - t.occurred_at <= INTERVAL 30 SECOND
),
reported AS (
    SELECT name, event_date, occurred_at, client_at, event_id, result_count FROM by_name
    UNION ALL
    SELECT b.name, q.event_date, b.occurred_at, b.client_at, b.event_id, b.result_count
    FROM by_query b JOIN requests q ON q.name = b.name AND q.name_date IS NOT DISTINCT FROM b.name_date
),
last_reports AS (
    SELECT name, event_date,
        arg_max(result_count, ROW(occurred_at, client_at, event_id)) AS result_count,
        max(occurred_at) AS resulted_at
    FROM reported
    GROUP BY name, event_date
)
SELECT
    q.event_date, q.name AS search_id, q.is_derived, q.started_at, q.occurred_at AS searched_at, q.last_searched_at,
    q.event_count, q.session_id, q.customer_id, q.is_stitched, q.buyer_id, q.anonymous_id, q.channel, q.query_raw, q.query,
    r.result_count, r.resulted_at
FROM requests q LEFT JOIN last_reports r ON r.name = q.name AND r.event_date = q.event_date
