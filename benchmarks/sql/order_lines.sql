WITH ordered AS (
    SELECT *,
        CASE status WHEN 'placed' THEN 0 WHEN 'approved' THEN 1 WHEN 'paid' THEN 2 WHEN 'shipped' THEN 3
             WHEN 'returned' THEN 4 ELSE 5 END AS lifecycle
    FROM order_events
),
origins AS (
    SELECT order_id, event_date, session_id, placed_by, channel, landing_source, occurred_at AS ordered_at,
        anonymous_id IS NULL AND session_id LIKE 's-%' AS has_no_visit
    FROM ordered
    QUALIFY row_number() OVER (
        PARTITION BY order_id ORDER BY status = 'placed' DESC, occurred_at, lifecycle, event_id
    ) = 1
),
latest AS (
    SELECT
        order_id,
        arg_max(status, ROW(occurred_at, lifecycle, event_id)) AS status,
        min(occurred_at) FILTER (status = 'paid') AS paid_at,
        coalesce(
            arg_max(customer_id, ROW(occurred_at, lifecycle, event_id)) FILTER (customer_id IS NOT NULL AND NOT is_stitched),
            arg_max(customer_id, ROW(occurred_at, lifecycle, event_id)) FILTER (customer_id IS NOT NULL)
        ) AS customer_id,
        bool_or(status = 'placed') AS is_placed,
        bool_or(customer_id IS NOT NULL) AND NOT bool_or(customer_id IS NOT NULL AND NOT is_stitched) AS is_stitched,
        arg_max(buyer_id, ROW(occurred_at, lifecycle, event_id)) FILTER (buyer_id IS NOT NULL) AS buyer_id,
        arg_max(anonymous_id, ROW(occurred_at, lifecycle, event_id)) FILTER (anonymous_id IS NOT NULL) AS anonymous_id,
        arg_max(campaign_ids, ROW(occurred_at, lifecycle, event_id)) FILTER (campaign_ids IS NOT NULL) AS campaign_ids,
        arg_max(coupon_ids, ROW(occurred_at, lifecycle, event_id)) FILTER (coupon_ids IS NOT NULL) AS coupon_ids,
        arg_max(currency, ROW(occurred_at, lifecycle, event_id)) FILTER (currency IS NOT NULL) AS currency,
        arg_max(lines, ROW(occurred_at, lifecycle, event_id)) FILTER (len(lines) > 0) AS lines
    FROM ordered
    GROUP BY order_id
),
exploded AS (
    SELECT order_id, unnest(lines) AS line, generate_subscripts(lines, 1) AS line_number FROM latest
),
priced AS (
    SELECT
        o.event_date, l.order_id, x.line_number, l.status, o.ordered_at, l.is_placed, l.paid_at, l.customer_id, l.is_stitched,
        l.buyer_id, l.anonymous_id, o.placed_by, o.channel, o.landing_source, o.session_id, o.has_no_visit,
        x.line.sku_id AS sku_id, x.line.quantity AS quantity, x.line.unit_price AS unit_price,
        coalesce(x.line.discount, 0)::DECIMAL(18, 4) AS discount,
        (x.line.quantity::DECIMAL(20, 0) * x.line.unit_price - coalesce(x.line.discount, 0))::DECIMAL(38, 4) AS amount,
        l.currency, l.campaign_ids, l.coupon_ids, x.line.search_id AS own_search_id,
        l.status NOT IN ('returned', 'cancelled') AS is_sale,
        coalesce('c' || l.customer_id, 'd' || l.anonymous_id) AS actor
    FROM exploded x JOIN latest l USING (order_id) JOIN origins o USING (order_id)
),
clicks AS (
    SELECT coalesce('c' || customer_id, 'd' || anonymous_id) AS actor, sku_id, clicked_at, is_derived, search_id, session_id
    FROM search_clicks
    WHERE event_type = 'click'
    QUALIFY row_number() OVER (
        PARTITION BY coalesce('c' || customer_id, 'd' || anonymous_id), sku_id, clicked_at ORDER BY event_id DESC
    ) = 1
),
credited AS (
    SELECT p.*,
        c.clicked_at, c.is_derived, c.session_id AS clicked_session_id,
        CASE WHEN p.ordered_at - c.clicked_at <= INTERVAL 7 DAY THEN c.search_id END AS clicked_search_id
    FROM priced p ASOF LEFT JOIN clicks c
        ON p.actor = c.actor AND p.sku_id = c.sku_id AND p.ordered_at >= c.clicked_at
)
SELECT
    event_date, order_id, line_number, status, ordered_at, is_placed, paid_at, customer_id, is_stitched, buyer_id, anonymous_id,
    placed_by, channel, landing_source, sku_id, quantity, unit_price, discount, amount, currency, campaign_ids, coupon_ids,
    coalesce(own_search_id, clicked_search_id) AS search_id,
    CASE
        WHEN own_search_id IS NOT NULL THEN 'exact'
        WHEN clicked_search_id IS NULL THEN NULL
        WHEN NOT is_derived AND (
            session_id = clicked_session_id OR (has_no_visit AND ordered_at - clicked_at <= INTERVAL 30 MINUTE)
        ) THEN 'exact'
        ELSE 'windowed'
    END AS search_attribution,
    is_sale,
    CASE WHEN is_sale OR (status = 'returned' AND sum(amount) OVER (PARTITION BY order_id) < 0) THEN amount ELSE 0 END
        AS net_sales_amount
FROM credited
