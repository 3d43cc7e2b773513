"""`search_clicks`: one row a click or favourite that belongs to a search, told by the client or derived."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, INSTANT, STRING, Check, Column, Table
from schemas.tables.session_events import TABLE as SESSION_EVENTS

TABLE = Table(
    name="search_clicks",
    en="Every click and every favourite that belongs to a search",
    zh="归属于某次搜索的点击与收藏",
    grain="one click or one favourite",
    key=("event_id",),
    partition="event_date",
    version=2,
    columns=(
        SESSION_EVENTS.column("event_date"),
        SESSION_EVENTS.column("event_id"),
        Column(
            "event_type",
            STRING,
            "click, or favorite: put on the favourites list",
            "事件类型：click 点击，favorite 收藏",
            allowed=("click", "favorite"),
        ),
        Column("clicked_at", INSTANT, "When the product was clicked or favourited", "点击或收藏时间", unit="UTC"),
        SESSION_EVENTS.column("customer_id"),
        SESSION_EVENTS.column("is_stitched"),
        SESSION_EVENTS.column("anonymous_id"),
        SESSION_EVENTS.column("session_id"),
        replace(SESSION_EVENTS.column("sku_id"), is_nullable=False),
        SESSION_EVENTS.column("position"),
        Column(
            "search_id",
            STRING,
            "The search it belongs to, as `search_requests` names it",
            "所属搜索编号（同 search_requests）",
        ),
        Column(
            "is_derived",
            BOOLEAN,
            "It carried no search_id: the search is the last one before it",
            "是否推导（事件本身未带搜索编号）",
        ),
    ),
    checks=(Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),),
)
