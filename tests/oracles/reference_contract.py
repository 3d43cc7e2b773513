"""The contract of DESIGN section 2, written a second time by hand: a change that nobody meant shows against it."""

from typing import Any

INT_MAX = 2**31 - 1
ID = ("text", 1, 256)
COMMON: dict[str, tuple[Any, ...]] = {
    "event_id": ("text", 1, 64),
    "occurred_at": ("time",),
    "sent_at": ("time",),
    "received_at": ("time",),
    "customer_id": ID,
    "buyer_id": ID,
    "placed_by": ("choice", "customer", "sales_rep"),
    "anonymous_id": ID,
    "session_id": ID,
    "channel": ID,
    "search_id": ID,
    "source": ID,
    "campaign_id": ID,
    "properties": ("object",),
}
OWN: dict[str, dict[str, tuple[Any, ...]]] = {
    "view": {"sku_id": ID, "price": ("money",), "category_id": ID, "dwell_seconds": ("float",)},
    "favorite": {"sku_id": ID, "action": ("choice", "add", "remove")},
    "search": {"query": ("text", 1, 1024)},
    "search_result": {
        "result_count": ("int", 0, INT_MAX),
        "query": ("text", 1, 1024),
        "page": ("int", 0, INT_MAX),
        "sku_ids": ("ids",),
    },
    "click": {"sku_id": ID, "position": ("int", 0, INT_MAX), "list": ID},
    "order": {
        "order_id": ID,
        "status": ("choice", "placed", "approved", "paid", "shipped", "returned", "cancelled"),
        "lines": ("lines",),
        "amount": ("money",),
        "currency": ("text", 3, 3),
        "campaign_ids": ("ids",),
        "coupon_ids": ("ids",),
    },
}
LINE: dict[str, tuple[Any, ...]] = {
    "sku_id": ID,
    "quantity": ("int", -INT_MAX, INT_MAX),
    "unit_price": ("money",),
    "discount": ("money",),
    "search_id": ID,
}
REQUIRED = {
    "view": ["sku_id"],
    "favorite": ["sku_id"],
    "search": ["query"],
    "search_result": ["result_count"],
    "click": ["sku_id"],
    "order": ["order_id", "status"],
}
LINE_REQUIRED = ["sku_id", "quantity", "unit_price"]
DEFAULTS = {"placed_by": "customer", "channel": "web"}
COLUMNS = [
    "event_date",
    "event_id",
    "event_type",
    "landing_source",
    "occurred_at",
    "client_at",
    "sent_at",
    "received_at",
    "customer_id",
    "buyer_id",
    "placed_by",
    "anonymous_id",
    "session_id",
    "channel",
    "search_id",
    "source",
    "campaign_id",
    "properties",
    "sku_id",
    "price",
    "category_id",
    "dwell_seconds",
    "action",
    "query",
    "result_count",
    "page",
    "sku_ids",
    "position",
    "list",
    "order_id",
    "status",
    "lines",
    "amount",
    "currency",
    "campaign_ids",
    "coupon_ids",
]
