WITH RECURSIVE confirmed AS (
    SELECT *, is_sale AND (paid_at IS NOT NULL OR status IN ('paid', 'shipped')) AS is_confirmed
    FROM orders
    WHERE customer_id IS NOT NULL AND $day - event_date BETWEEN 0 AND 179
),
judged AS (
    SELECT *, is_sale AND (is_confirmed OR NOT bool_or(is_confirmed) OVER (PARTITION BY landing_source)) AS has_payment
    FROM confirmed
),
paid AS (SELECT * FROM judged WHERE has_payment AND amount > 0),
last_ten AS (
    SELECT customer_id, amount
    FROM paid
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC) <= 10
),
placed AS (
    SELECT customer_id, amount, row_number() OVER (PARTITION BY customer_id ORDER BY amount) AS place,
        count(*) OVER (PARTITION BY customer_id) AS size
    FROM last_ten
),
trimmed AS (
    SELECT *, CASE WHEN size < 3 THEN 0 ELSE greatest(1, size // 5) END AS trim_count FROM placed
),
kept AS (
    SELECT customer_id, sum(amount) AS total, count(*) AS size
    FROM trimmed
    WHERE place > trim_count AND place <= size - trim_count
    GROUP BY customer_id
),
usual AS (
    SELECT customer_id, half_even(total, size) AS usual_order_amount FROM kept
),
credits AS (
    SELECT customer_id, sum(net_sales_amount) AS credit_amount
    FROM judged
    WHERE NOT is_sale OR (has_payment AND amount < 0)
    GROUP BY customer_id
),
spending AS (
    SELECT p.customer_id,
        CASE WHEN min(currency) = max(currency) THEN min(currency) END AS currency,
        sum(amount) AS paid_amount,
        count(*) AS paid_order_count,
        count(DISTINCT event_date) AS paid_day_count,
        max(ordered_at) AS last_ordered_at
    FROM paid p
    GROUP BY p.customer_id
),
customers_in_bins AS (
    SELECT s.*, u.usual_order_amount, coalesce(c.credit_amount, 0) AS credit_amount,
        floor(100 * log10(u.usual_order_amount::DOUBLE))::BIGINT + 401 AS bin
    FROM spending s JOIN usual u USING (customer_id) LEFT JOIN credits c USING (customer_id)
),
histogram AS (
    SELECT coalesce(currency, '') AS money, bin, count(*) AS size,
        row_number() OVER (PARTITION BY coalesce(currency, '') ORDER BY bin) - 1 AS place
    FROM customers_in_bins
    GROUP BY coalesce(currency, ''), bin
),
shifted AS (SELECT *, (bin - min(bin) OVER (PARTITION BY money))::DOUBLE AS offset_bin FROM histogram),
sums AS (
    SELECT money, bin, place, size,
        sum(size) OVER run AS n, sum(size * offset_bin) OVER run AS t, sum(size * offset_bin * offset_bin) OVER run AS s,
        ceil(sum(size) OVER (PARTITION BY money) / 20) AS least_size
    FROM shifted
    WINDOW run AS (PARTITION BY money ORDER BY place ROWS UNBOUNDED PRECEDING)
),
spans AS (
    SELECT f.money, f.place AS i, l.place AS j, f.least_size,
        l.n - f.n + f.size AS n,
        l.t - coalesce(b.t, 0) AS t,
        l.s - coalesce(b.s, 0) AS s
    FROM sums f JOIN sums l ON l.money = f.money AND l.place >= f.place
    LEFT JOIN sums b ON b.money = f.money AND b.place = f.place - 1
),
costs AS (
    SELECT money, i, j,
        CASE WHEN n >= greatest(least_size, 1)
             THEN greatest(floor(1000 * (s * n - t * t) / n), 0) ELSE 2305843009213693951 END AS cost
    FROM spans
),
best AS (
    SELECT money, 1 AS groups, j, cost, 0::BIGINT AS start FROM costs WHERE i = 0
    UNION ALL
    SELECT c.money, b.groups + 1, c.j, min(least(b.cost + c.cost, 2305843009213693951)),
        arg_min(c.i, ROW(least(b.cost + c.cost, 2305843009213693951), c.i))
    FROM best b JOIN costs c ON c.money = b.money AND c.i = b.j + 1
    WHERE b.groups < 6
    GROUP BY c.money, b.groups, c.j
),
ends AS (
    SELECT b.money, b.groups, b.cost, first_value(b.cost) OVER (PARTITION BY b.money ORDER BY b.groups) AS one_cost,
        b.j AS last_place
    FROM best b
    WHERE b.j = (SELECT max(h.place) FROM histogram h WHERE h.money = b.money)
),
runs AS (
    SELECT *, min(cost) OVER (PARTITION BY money ORDER BY groups ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        AS cost_before
    FROM ends
),
chosen AS (
    SELECT money, arg_min(groups, ROW(cost, groups)) AS groups, any_value(last_place) AS last_place
    FROM runs
    WHERE cost_before IS NULL OR cost_before * 100 > 15 * one_cost
    GROUP BY money
),
cuts AS (
    SELECT b.money, b.groups, b.start, b.j FROM chosen c JOIN best b
        ON b.money = c.money AND b.groups = c.groups AND b.j = c.last_place
    UNION ALL
    SELECT b.money, b.groups, b.start, b.j FROM cuts k JOIN best b
        ON b.money = k.money AND b.groups = k.groups - 1 AND b.j = k.start - 1
),
grouped AS (
    SELECT c.*, k.groups AS group_number
    FROM customers_in_bins c
    JOIN histogram h ON h.money = coalesce(c.currency, '') AND h.bin = c.bin
    JOIN cuts k ON k.money = h.money AND h.place BETWEEN k.start AND k.j
),
groups AS (
    SELECT currency, group_number, count(*) AS group_customer_count,
        min(usual_order_amount) AS group_least_amount,
        max(usual_order_amount) AS group_greatest_amount,
        list_sort(list(usual_order_amount))[(count(*) * 50 + 99) // 100] AS group_p50_amount,
        list_sort(list(usual_order_amount))[(count(*) * 60 + 99) // 100] AS group_p60_amount,
        list_sort(list(usual_order_amount))[(count(*) * 70 + 99) // 100] AS group_p70_amount
    FROM grouped
    GROUP BY currency, group_number
),
thresholds AS (
    SELECT g.*, coalesce(
        (SELECT min(point) FROM (SELECT unnest($price_points) AS point) WHERE point > g.group_p60_amount),
        (floor(g.group_p60_amount)::BIGINT // list_max($price_points) + 1) * list_max($price_points)
    ) AS group_threshold_amount
    FROM groups g
)
SELECT
    $day AS as_of, c.customer_id, c.currency, c.paid_amount + c.credit_amount AS net_paid_amount, c.paid_amount,
    c.paid_order_count, c.paid_day_count,
    half_even(c.paid_amount, c.paid_order_count) AS average_order_amount,
    half_even(c.paid_amount, c.paid_day_count) AS amount_per_active_day,
    c.usual_order_amount, c.last_ordered_at, c.group_number,
    t.group_customer_count, t.group_least_amount, t.group_greatest_amount, t.group_p50_amount, t.group_p60_amount,
    t.group_p70_amount,
    t.group_threshold_amount,
    greatest(t.group_threshold_amount - c.usual_order_amount, 0) AS gap_amount
FROM grouped c JOIN thresholds t ON t.currency IS NOT DISTINCT FROM c.currency AND t.group_number = c.group_number
