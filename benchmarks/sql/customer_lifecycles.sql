WITH order_days AS (
    SELECT DISTINCT customer_id, event_date FROM orders WHERE customer_id IS NOT NULL AND is_sale AND amount > 0
),
days AS (SELECT DISTINCT event_date FROM events),
windows AS (
    SELECT d.event_date, o.customer_id, o.event_date AS order_date
    FROM days d JOIN order_days o ON d.event_date - o.event_date BETWEEN 0 AND 179
),
gaps AS (
    SELECT *, order_date - lag(order_date) OVER (PARTITION BY event_date, customer_id ORDER BY order_date) AS gap
    FROM windows
),
customers_of_days AS (
    SELECT event_date, customer_id, count(*) AS order_day_count, max(order_date) AS last_order_date,
        event_date - max(order_date) AS days_since_last_order, median(gap) AS median_order_gap_days
    FROM gaps
    GROUP BY event_date, customer_id
),
usual AS (
    SELECT event_date, median(median_order_gap_days) AS days FROM customers_of_days WHERE order_day_count >= 3 GROUP BY ALL
),
paced AS (
    SELECT c.*,
        greatest(CASE WHEN order_day_count >= 3 THEN median_order_gap_days ELSE coalesce(usual.days, 30) END, 7)
            AS rhythm_days
    FROM customers_of_days c LEFT JOIN usual USING (event_date)
)
SELECT *,
    CASE
        WHEN days_since_last_order > 4 * rhythm_days THEN 'lost'
        WHEN days_since_last_order > 2.5 * rhythm_days THEN 'dormant'
        WHEN days_since_last_order > 1.5 * rhythm_days THEN 'slowing'
        WHEN order_day_count >= 3 THEN 'active'
        ELSE 'new'
    END AS lifecycle
FROM paced
