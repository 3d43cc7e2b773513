"""`session_events`: every event with the session it belongs to and the customer it is resolved to; what later jobs read."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, DATE, STRING, Check, Column, Table
from schemas.tables.events import TABLE as EVENTS

RESOLVED_CUSTOMER = replace(
    EVENTS.column("customer_id"),
    en="The buying company: as sent, else the one the device is resolved to; null when not known",
    zh="客户编号（采购企业）：上报值，否则为身份拼接结果；未知为空",
)
SESSION_ID = Column(
    "session_id",
    STRING,
    "The session: the client's session_id, else s- and the event_id of the session's first event",
    "会话编号：客户端上报值，否则为 s- 加会话首个事件编号",
)

TABLE = Table(
    name="session_events",
    en="Every event with its session and its resolved customer",
    zh="全部事件，附所属会话与归属客户",
    grain="one event",
    key=("event_id",),
    partition="event_date",
    version=1,
    columns=(
        *(EVENTS.column(name) for name in ("event_date", "event_id", "event_type", "occurred_at", "client_at")),
        SESSION_ID,
        Column("session_date", DATE, "Business day on which the session starts", "会话开始的业务日期"),
        RESOLVED_CUSTOMER,
        Column(
            "is_stitched",
            BOOLEAN,
            "The event was sent without a customer_id, which was found by its session or device",
            "客户是否由会话或设备拼接得出（上报时无客户编号）",
        ),
        *(
            EVENTS.column(name)
            for name in (
                "buyer_id",
                "anonymous_id",
                "placed_by",
                "channel",
                "landing_source",
                "source",
                "campaign_id",
                "search_id",
                "sku_id",
                "price",
                "category_id",
                "dwell_seconds",
                "action",
                "query",
                "result_count",
                "page",
                "position",
                "list",
                "order_id",
                "status",
                "amount",
                "currency",
            )
        ),
    ),
    checks=(Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),),
)
