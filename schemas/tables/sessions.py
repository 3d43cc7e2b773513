"""`sessions`: one row a visit, on the business day it starts."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, SECONDS, Check, Column, Table
from schemas.tables.events import TABLE as EVENTS
from schemas.tables.session_events import RESOLVED_CUSTOMER, SESSION_ID

TABLE = Table(
    name="sessions",
    en="One visit: when, who, and how much of what was done",
    zh="会话：一次访问的时间、客户与各类行为次数",
    grain="one session",
    key=("session_id",),
    partition="event_date",
    version=2,
    columns=(
        Column("event_date", DATE, "Business day on which the session starts", "会话开始的业务日期"),
        SESSION_ID,
        replace(
            RESOLVED_CUSTOMER,
            en="The first customer any of its events is resolved to; null when not known",
            zh="会话内首个归属客户；未知为空",
        ),
        Column(
            "is_stitched",
            BOOLEAN,
            "At least one of its events was sent without a customer_id and given one",
            "是否含身份拼接得出客户的事件",
        ),
        replace(EVENTS.column("buyer_id"), en="The first buyer_id sent; null when none", zh="首个采购人编号；无则为空"),
        replace(EVENTS.column("anonymous_id"), en="The first device sent; null when none", zh="首个设备编号；无则为空"),
        replace(EVENTS.column("channel"), en="Channel of its first event", zh="首个事件的渠道"),
        replace(EVENTS.column("landing_source"), en="Landing source of its first event", zh="首个事件的落地来源"),
        Column("started_at", INSTANT, "First event", "开始时间", unit="UTC"),
        Column("ended_at", INSTANT, "Last event", "结束时间", unit="UTC"),
        Column("duration_seconds", SECONDS, "From the first event to the last; 0 for one event", "时长（秒）"),
        Column("event_count", COUNT, "Events of any type", "事件数"),
        Column("view_count", COUNT, "Views of a product's page", "浏览次数"),
        Column("distinct_sku_count", COUNT, "Different products viewed, clicked or favourited", "涉及的不同商品数"),
        Column("search_count", COUNT, "Search events; a query sent at every keystroke counts each", "搜索事件数"),
        Column("click_count", COUNT, "Clicks on a product in a list", "点击次数"),
        Column("favorite_count", COUNT, "Times a product was put on the favourites list", "收藏次数"),
        Column("order_count", COUNT, "Different orders placed", "下单数"),
        Column("is_bounce", BOOLEAN, "One event and no more", "是否跳出（仅一个事件）"),
    ),
    checks=(
        Check("acts_are_events", "event_count >= view_count + search_count + click_count + favorite_count"),
        Check("bounce_is_one_event", "is_bounce = (event_count = 1)"),
        Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),
    ),
)
