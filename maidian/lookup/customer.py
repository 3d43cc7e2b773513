"""What an operator asks about one customer."""

from maidian.reading.section import Newest, Section

PROFILE = Section(
    name="profile",
    en="Customer",
    zh="客户",
    is_card=True,
    sql="""
        SELECT p.customer_id, p.name, p.region, p.customer_type, p.lifecycle, p.session_count, p.active_day_count,
            p.order_count, p.first_ordered_at, p.last_ordered_at, p.days_since_last_order, p.median_order_gap_days,
            p.paid_order_count, p.net_paid_amount, p.average_order_amount, g.usual_order_amount, g.group_number,
            g.group_threshold_amount, g.gap_amount, coalesce(p.currency, g.currency) AS currency,
            p.search_order_ratio, p.preferred_weekday, p.preferred_hour,
            (SELECT list(coalesce(entity_name, entity_id) ORDER BY rank) FROM customer_interests
             WHERE customer_id = $value AND entity_type = 'category' AND rank <= 10) AS top_categories,
            p.top_brands, p.top_queries
        FROM customer_profiles AS p LEFT JOIN order_value_groups AS g USING (customer_id)
        WHERE p.customer_id = $value
    """,
    headings={
        "customer_id": ("customer", "客户编号"),
        "name": ("name", "名称"),
        "region": ("region", "地区"),
        "customer_type": ("type", "类型"),
        "lifecycle": ("lifecycle", "生命周期"),
        "session_count": ("visits", "访问次数"),
        "active_day_count": ("active days", "活跃天数"),
        "order_count": ("orders", "订单数"),
        "first_ordered_at": ("first order", "首次下单"),
        "last_ordered_at": ("last order", "最近下单"),
        "days_since_last_order": ("days since", "距今天数"),
        "median_order_gap_days": ("usual days between orders", "通常下单间隔（天）"),
        "paid_order_count": ("paid orders", "已付款订单数"),
        "net_paid_amount": ("net paid", "净付款金额"),
        "average_order_amount": ("average order", "笔单价"),
        "usual_order_amount": ("usual order", "常规订单金额"),
        "group_number": ("order-value group", "客单价分组"),
        "group_threshold_amount": ("next threshold", "下一门槛"),
        "gap_amount": ("gap to it", "距门槛差额"),
        "currency": ("currency", "币种"),
        "search_order_ratio": ("share of orders from search", "搜索带来的订单占比"),
        "preferred_weekday": ("weekday (1 Monday)", "常用星期（1 为周一）"),
        "preferred_hour": ("hour", "常用时段"),
        "top_categories": ("categories", "关注品类"),
        "top_brands": ("brands", "关注品牌"),
        "top_queries": ("searches", "常搜词"),
    },
)

PRODUCT_COLUMNS = """entity_id AS sku_id, entity_name AS name, view_count, click_count, favorite_count, order_line_count,
            first_at, last_at, has_ordered, score"""
PRODUCT_HEADINGS = {
    "sku_id": ("product", "商品编码"),
    "name": ("name", "名称"),
    "view_count": ("views", "浏览"),
    "click_count": ("clicks", "点击"),
    "favorite_count": ("favourites", "收藏"),
    "order_line_count": ("order lines", "下单行数"),
    "first_at": ("first", "首次"),
    "last_at": ("last", "最近"),
    "has_ordered": ("bought", "已购"),
    "score": ("score", "兴趣分"),
}

PRODUCTS = Section(
    name="products",
    en="Viewed, clicked, favourited and bought, strongest interest first",
    zh="浏览、点击、收藏与购买的商品（按兴趣）",
    sql=f"""
        SELECT {PRODUCT_COLUMNS} FROM customer_interests
        WHERE customer_id = $value AND entity_type = 'sku' ORDER BY rank LIMIT $limit
    """,  # noqa: S608 our own text
    headings=PRODUCT_HEADINGS,
)

BEFORE_FIRST_ORDER = Section(
    name="before_first_order",
    en="Looked at before the first order, and not since",
    zh="首次下单之前看过、之后未再看的商品",
    sql=f"""
        SELECT {PRODUCT_COLUMNS} FROM customer_interests
        WHERE customer_id = $value AND entity_type = 'sku' AND is_before_first_order ORDER BY rank LIMIT $limit
    """,  # noqa: S608 our own text
    headings=PRODUCT_HEADINGS,
)

SEARCHES = Section(
    name="searches",
    en="Searches, newest first",
    zh="最近搜索",
    sql="""
        SELECT searched_at, query, result_count, click_count, strict_order_line_count, windowed_order_line_count
        FROM searches WHERE customer_id = $value ORDER BY searched_at DESC, search_id LIMIT $limit
    """,
    headings={
        "searched_at": ("at", "时间"),
        "query": ("search", "搜索词"),
        "result_count": ("results", "结果数"),
        "click_count": ("clicks", "点击"),
        "strict_order_line_count": ("ordered, exact", "下单行数（精确）"),
        "windowed_order_line_count": ("ordered, in the window", "下单行数（窗口）"),
    },
    newest_of=Newest("searches", "customer_id"),
)

ORDERS = Section(
    name="orders",
    en="Orders, newest first",
    zh="最近订单",
    sql="""
        SELECT order_id, min(ordered_at) AS ordered_at, any_value(status) AS status, count(*) AS line_count,
            sum(amount) AS amount, any_value(currency) AS currency,
            bool_or(search_attribution IS NOT NULL) AS is_from_search
        FROM order_lines WHERE customer_id = $value
        GROUP BY order_id ORDER BY min(ordered_at) DESC, order_id LIMIT $limit
    """,
    headings={
        "order_id": ("order", "订单号"),
        "ordered_at": ("at", "时间"),
        "status": ("status", "状态"),
        "line_count": ("lines", "行数"),
        "amount": ("amount", "金额"),
        "currency": ("currency", "币种"),
        "is_from_search": ("from search", "来自搜索"),
    },
    newest_of=Newest("order_lines", "customer_id", "count(DISTINCT order_id)"),
)

SECTIONS = (PROFILE, PRODUCTS, BEFORE_FIRST_ORDER, SEARCHES, ORDERS)

KNOWN = ("SELECT customer_id AS id, name FROM customer_profiles",)
"""Whom a person may mean: identifiers with their names."""
