"""`search_clicks`: one row a click that belongs to a search, told by the client or derived."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, INSTANT, STRING, Column, Table
from schemas.tables.events import TABLE as EVENTS

TABLE = Table(
    name="search_clicks",
    en="Every click that belongs to a search",
    zh="归属于某次搜索的点击",
    grain="one click",
    key=("event_id",),
    partition="event_date",
    version=1,
    columns=(
        EVENTS.column("event_date"),
        EVENTS.column("event_id"),
        Column("clicked_at", INSTANT, "When the product was clicked", "点击时间", unit="UTC"),
        EVENTS.column("customer_id"),
        EVENTS.column("anonymous_id"),
        EVENTS.column("session_id"),
        replace(EVENTS.column("sku_id"), is_nullable=False),
        Column(
            "search_id",
            STRING,
            "The search the click belongs to; the search event's event_id when no search_id was ever sent",
            "所属搜索编号；客户端未提供时取搜索事件编号",
        ),
        Column(
            "is_derived",
            BOOLEAN,
            "The click carried no search_id: the search is the last one before it",
            "是否推导（点击本身未带搜索编号）",
        ),
    ),
)
