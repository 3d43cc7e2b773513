"""`search_requests`: one row a search, before any outcome but its result count."""

from dataclasses import replace

from schemas.tables.declaration import BOOLEAN, COUNT, DATE, INSTANT, STRING, Check, Column, Table
from schemas.tables.session_events import TABLE as SESSION_EVENTS

TABLE = Table(
    name="search_requests",
    en="Every search, keystrokes and repeats folded into one, with the number of its results",
    zh="搜索请求：逐字输入与重复搜索合并为一次，附结果数",
    grain="one search",
    key=("search_id",),
    partition="event_date",
    version=2,
    columns=(
        Column("event_date", DATE, "Business day of searched_at in the lake's time zone", "搜索业务日期（湖时区）"),
        Column(
            "search_id",
            STRING,
            "The search; the event_id of its first event when the client sent no search_id",
            "搜索编号；客户端未提供时取首个搜索事件编号",
        ),
        Column("is_derived", BOOLEAN, "The client sent no search_id", "是否推导（客户端未提供搜索编号）"),
        Column("started_at", INSTANT, "First keystroke: the search's first event", "首次输入时间", unit="UTC"),
        Column(
            "searched_at", INSTANT, "When the whole query was first searched for", "搜索时间（完整搜索词）", unit="UTC"
        ),
        Column("last_searched_at", INSTANT, "Its last event, a repeat perhaps", "最后一次重复搜索时间", unit="UTC"),
        Column("event_count", COUNT, "Search events folded into it", "合并的搜索事件数"),
        SESSION_EVENTS.column("session_id"),
        SESSION_EVENTS.column("customer_id"),
        SESSION_EVENTS.column("is_stitched"),
        SESSION_EVENTS.column("buyer_id"),
        SESSION_EVENTS.column("anonymous_id"),
        SESSION_EVENTS.column("channel"),
        Column("query_raw", STRING, "What was typed, as sent", "原始搜索词"),
        Column(
            "query",
            STRING,
            "query_raw in NFKC, lower case, simplified characters, spaces folded and trimmed",
            "归一化搜索词（全半角、大小写、繁简、空格）",
        ),
        replace(
            SESSION_EVENTS.column("result_count"),
            en="Products found, as last reported for the first page; null when never reported",
            zh="结果数（首页最后一次上报）；从未上报为空",
        ),
        Column(
            "resulted_at",
            INSTANT,
            "When that result count was reported; null when never",
            "结果上报时间",
            unit="UTC",
            is_nullable=True,
        ),
    ),
    checks=(Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),),
)
