"""Oracle of `order_events`: a plain selection."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tests.oracles import sql

QUERY = """
    SELECT events.* REPLACE (found.session_id AS session_id, found.customer_id AS customer_id), found.is_stitched
    FROM events JOIN session_events AS found USING (event_id)
    WHERE events.event_type = 'order' AND events.event_date = $day
    ORDER BY event_id
"""


def expected(tables: Mapping[str, pa.Table], day: date) -> list[dict[str, Any]]:
    """The rows of the day."""
    return sql.rows(QUERY, "order_events", tables, day)
