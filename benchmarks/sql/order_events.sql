SELECT
    e.event_date, e.event_id, e.order_id, e.status, e.occurred_at, e.landing_source, s.customer_id, s.is_stitched,
    e.buyer_id, e.placed_by, e.anonymous_id, s.session_id, e.channel, e.search_id, e.source, e.campaign_id,
    e.campaign_ids, e.coupon_ids, e.currency, e.amount, e.lines
FROM events e JOIN session_events s ON s.event_id = e.event_id
WHERE e.event_type = 'order' AND s.event_type = 'order'
