WITH windows AS (SELECT unnest([1, 7, 28]) AS window_days),
terms AS (
    SELECT
        s.query, w.window_days,
        count(*) AS search_count,
        count(DISTINCT s.customer_id) AS customer_count,
        count(s.result_count) AS reported_count,
        count(*) FILTER (s.result_count = 0) AS zero_result_count,
        count(*) FILTER (s.result_count BETWEEN 1 AND 3) AS few_result_count,
        median(s.result_count) AS result_count_median,
        count(*) FILTER (s.click_count > 0) AS clicked_count,
        avg(s.first_click_position) AS mean_first_click_position,
        count(*) FILTER (s.strict_order_line_count > 0) AS ordered_strict_count,
        sum(s.strict_amount) AS strict_amount,
        count(*) FILTER (s.windowed_order_line_count > 0) AS ordered_windowed_count,
        sum(s.windowed_amount) AS windowed_amount,
        CASE WHEN min(s.currency) = max(s.currency)
            AND NOT bool_or(s.windowed_order_line_count > 0 AND s.currency IS NULL) THEN min(s.currency) END AS currency,
        count(*) FILTER (s.is_refined) AS refined_count,
        count(*) FILTER (s.is_exit) AS exit_count
    FROM searches s JOIN windows w ON s.event_date BETWEEN $day - w.window_days + 1 AND $day
    GROUP BY s.query, w.window_days
)
SELECT
    $day AS as_of, *,
    zero_result_count / nullif(reported_count, 0) AS zero_result_ratio,
    few_result_count / nullif(reported_count, 0) AS few_result_ratio,
    clicked_count / search_count AS click_ratio,
    ordered_strict_count / search_count AS ordered_strict_ratio,
    ordered_windowed_count / search_count AS ordered_windowed_ratio,
    refined_count / search_count AS refined_ratio,
    exit_count / search_count AS exit_ratio
FROM terms
