"""Oracle of `order_events`: a plain selection."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tests.oracles import sql

QUERY = """
    SELECT event_id, order_id, status, occurred_at, landing_source, customer_id, buyer_id, placed_by, anonymous_id,
           session_id, channel, search_id, source, campaign_id, campaign_ids, coupon_ids, currency, amount, lines
    FROM events
    WHERE event_type = 'order' AND event_date = $day
    ORDER BY event_id
"""


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows of the day."""
    return sql.rows(QUERY, "order_events", tables, day)
