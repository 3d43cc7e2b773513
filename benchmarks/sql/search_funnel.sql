WITH known AS (SELECT DISTINCT event_date FROM customer_lifecycles),
known_days AS (
    SELECT d.event_date, max(p.event_date) AS known_date
    FROM (SELECT DISTINCT event_date FROM searches) d JOIN known p
        ON p.event_date BETWEEN d.event_date - 7 AND d.event_date - 1
    GROUP BY ALL
),
placed AS (
    SELECT s.*,
        CASE WHEN s.customer_id IS NULL OR p.known_date IS NULL THEN 'unknown' ELSE coalesce(c.lifecycle, 'browsing') END
            AS lifecycle,
        coalesce(s.has_results, s.click_count > 0) AS with_results,
        coalesce(s.has_results, s.click_count > 0) AND s.click_count > 0 AS clicked
    FROM searches s
    LEFT JOIN known_days p ON p.event_date = s.event_date
    LEFT JOIN customer_lifecycles c ON c.event_date = p.known_date AND c.customer_id = s.customer_id
),
stepped AS (
    SELECT *,
        clicked AND favorite_count > 0 AS favorited,
        clicked AND favorite_count > 0 AND windowed_order_line_count > 0 AS ordered_windowed,
        clicked AND favorite_count > 0 AND strict_order_line_count > 0 AND windowed_order_line_count > 0 AS ordered_strict,
        clicked AND favorite_count > 0 AND strict_order_line_count > 0 AND windowed_order_line_count > 0
            AND strict_paid_line_count > 0 AS paid,
        clicked AND windowed_order_line_count > 0 AS clicked_ordered_windowed,
        clicked AND windowed_paid_line_count > 0 AS clicked_paid_windowed,
        clicked AND strict_order_line_count > 0 AS clicked_ordered_strict,
        clicked AND strict_paid_line_count > 0 AS clicked_paid_strict
    FROM placed
)
SELECT event_date, channel, lifecycle,
    count(*) AS searched_search_count,
    count(DISTINCT customer_id) AS searched_customer_count,
    count(*) FILTER (with_results) AS with_results_search_count,
    count(DISTINCT customer_id) FILTER (with_results) AS with_results_customer_count,
    count(*) FILTER (clicked) AS clicked_search_count,
    count(DISTINCT customer_id) FILTER (clicked) AS clicked_customer_count,
    count(*) FILTER (favorited) AS favorited_search_count,
    count(DISTINCT customer_id) FILTER (favorited) AS favorited_customer_count,
    count(*) FILTER (ordered_windowed) AS ordered_windowed_search_count,
    count(DISTINCT customer_id) FILTER (ordered_windowed) AS ordered_windowed_customer_count,
    count(*) FILTER (ordered_strict) AS ordered_strict_search_count,
    count(DISTINCT customer_id) FILTER (ordered_strict) AS ordered_strict_customer_count,
    count(*) FILTER (paid) AS paid_search_count,
    count(DISTINCT customer_id) FILTER (paid) AS paid_customer_count,
    count(*) FILTER (clicked_ordered_windowed) AS clicked_ordered_windowed_search_count,
    count(DISTINCT customer_id) FILTER (clicked_ordered_windowed) AS clicked_ordered_windowed_customer_count,
    count(*) FILTER (clicked_paid_windowed) AS clicked_paid_windowed_search_count,
    count(DISTINCT customer_id) FILTER (clicked_paid_windowed) AS clicked_paid_windowed_customer_count,
    count(*) FILTER (clicked_ordered_strict) AS clicked_ordered_strict_search_count,
    count(DISTINCT customer_id) FILTER (clicked_ordered_strict) AS clicked_ordered_strict_customer_count,
    count(*) FILTER (clicked_paid_strict) AS clicked_paid_strict_search_count,
    count(DISTINCT customer_id) FILTER (clicked_paid_strict) AS clicked_paid_strict_customer_count,
    count(has_results) AS reported_search_count,
    quantile_disc(epoch_us(resulted_at - searched_at), 0.5)
        FILTER (with_results AND resulted_at >= searched_at) / 1000000 AS searched_to_results_median_seconds,
    quantile_disc(epoch_us(first_clicked_at - resulted_at), 0.5)
        FILTER (clicked AND first_clicked_at >= resulted_at) / 1000000 AS results_to_clicked_median_seconds,
    quantile_disc(epoch_us(first_favorited_at - first_clicked_at), 0.5)
        FILTER (favorited AND first_favorited_at >= first_clicked_at) / 1000000 AS clicked_to_favorited_median_seconds,
    quantile_disc(epoch_us(first_ordered_at - first_favorited_at), 0.5)
        FILTER (ordered_windowed AND first_ordered_at >= first_favorited_at) / 1000000
        AS favorited_to_ordered_median_seconds,
    quantile_disc(epoch_us(first_paid_at - first_ordered_at), 0.5)
        FILTER (paid AND first_paid_at >= first_ordered_at) / 1000000 AS ordered_to_paid_median_seconds,
    quantile_disc(epoch_us(first_clicked_at - searched_at), 0.5)
        FILTER (clicked AND first_clicked_at >= searched_at) / 1000000 AS searched_to_clicked_median_seconds,
    quantile_disc(epoch_us(first_ordered_at - first_clicked_at), 0.5)
        FILTER (clicked_ordered_windowed AND first_ordered_at >= first_clicked_at) / 1000000
        AS clicked_to_ordered_median_seconds
FROM stepped
GROUP BY event_date, channel, lifecycle
