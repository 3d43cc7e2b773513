"""`searches`: one row a search, with what came of it."""

from dataclasses import replace

import pyarrow as pa

from schemas.tables.declaration import BOOLEAN, COUNT, INSTANT, MONEY, SECONDS, STRING, Check, Column, Table
from schemas.tables.order_lines import TABLE as ORDER_LINES
from schemas.tables.search_requests import TABLE as SEARCH_REQUESTS


def _instant(name: str, en: str, zh: str) -> Column:
    return Column(name, INSTANT, f"{en}; null when none", zh, unit="UTC", is_nullable=True)


TABLE = Table(
    name="searches",
    en="Every search with its results, clicks, favourites and orders",
    zh="搜索明细：每次搜索的结果、点击、收藏与下单",
    grain="one search",
    key=("search_id",),
    partition="event_date",
    version=1,
    columns=(
        *(
            SEARCH_REQUESTS.column(name)
            for name in (
                *("event_date", "search_id", "is_derived", "searched_at", "session_id", "customer_id", "is_stitched"),
                *("buyer_id", "anonymous_id", "channel", "query_raw", "query", "result_count", "resulted_at"),
            )
        ),
        Column(
            "has_results",
            BOOLEAN,
            "result_count is above 0; null when never reported",
            "是否有结果；从未上报为空",
            is_nullable=True,
        ),
        Column("click_count", COUNT, "Clicks that belong to the search", "点击次数"),
        _instant("first_clicked_at", "First click", "首次点击时间"),
        Column(
            "first_click_position",
            COUNT,
            "Place in the list of the first click, as the client counts; null when none or not told",
            "首次点击位置",
            unit="place",
            is_nullable=True,
        ),
        Column(
            "first_click_after_seconds",
            SECONDS,
            "From searched_at to the first click; 0 when it came while the query was typed; null when none",
            "首次点击距搜索的秒数",
            unit="seconds",
            is_nullable=True,
        ),
        Column(
            "clicked_sku_ids",
            pa.list_(STRING),
            "The products clicked, each once, in the order of their first click",
            "点击的商品编码（去重，按首次点击排序）",
        ),
        Column("favorite_count", COUNT, "Favourites that belong to the search", "收藏次数"),
        _instant("first_favorited_at", "First favourite", "首次收藏时间"),
        Column(
            "is_refined",
            BOOLEAN,
            "Another query follows in the session within 5 minutes (a setting)",
            "是否改写（同一会话 5 分钟内换词再搜）",
        ),
        Column(
            "is_exit",
            BOOLEAN,
            "Nothing of the session follows but results",
            "是否离开（该会话此后无其他行为）",
        ),
        Column(
            "strict_order_line_count", COUNT, "Lines of sales credited to it exactly", "下单行数（精确归因，有效销售）"
        ),
        Column("strict_amount", MONEY, "Their amount", "下单金额（精确归因）", unit="currency"),
        Column("strict_paid_line_count", COUNT, "Those that are paid", "已付款行数（精确归因）"),
        Column(
            "windowed_order_line_count",
            COUNT,
            "Lines of sales credited to it exactly or by the window; the exact ones are among them",
            "下单行数（精确或七日窗口归因，有效销售）",
        ),
        Column("windowed_amount", MONEY, "Their amount", "下单金额（精确或七日窗口归因）", unit="currency"),
        Column("windowed_paid_line_count", COUNT, "Those that are paid", "已付款行数（精确或七日窗口归因）"),
        replace(
            ORDER_LINES.column("currency"),
            en="Currency of the amounts, ISO 4217; null when there are none, or several",
            zh="金额币种；无或多种时为空",
        ),
        _instant("first_ordered_at", "First ordered_at of those lines", "最早下单时间"),
        _instant("first_paid_at", "First paid_at of those lines", "最早付款时间"),
    ),
    checks=(
        Check("results_are_counted", "has_results = (result_count > 0)"),
        Check("reported_both_or_none", "(result_count IS NULL) = (has_results IS NULL)"),
        Check("clicks_have_instants", "(click_count > 0) = (first_clicked_at IS NOT NULL)"),
        Check("favorites_have_instants", "(favorite_count > 0) = (first_favorited_at IS NOT NULL)"),
        Check("orders_have_instants", "(windowed_order_line_count > 0) = (first_ordered_at IS NOT NULL)"),
        Check("strict_is_part_of_windowed", "strict_order_line_count <= windowed_order_line_count"),
        Check(
            "paid_is_part_of_ordered",
            "strict_paid_line_count <= strict_order_line_count AND windowed_paid_line_count <= windowed_order_line_count",
        ),
        Check("stitched_has_customer", "NOT is_stitched OR customer_id IS NOT NULL"),
    ),
)
