"""What an operator asks about one product."""

from maidian.reading.section import Section

PRODUCT = Section(
    name="product",
    en="Product",
    zh="商品",
    is_card=True,
    sql="""
        SELECT $value AS sku_id, any_value(s.name) AS name, any_value(s.brand) AS brand,
            any_value(s.category_name) AS category_name, any_value(s.specification) AS specification,
            any_value(s.price) AS price, any_value(s.stock_quantity) AS stock_quantity,
            count(v.customer_id) AS customer_count, count(*) FILTER (v.view_count > 0) AS viewer_count,
            count(*) FILTER (v.is_favorited) AS favoriter_count, count(*) FILTER (v.has_ordered) AS buyer_count,
            count(*) FILTER (NOT v.has_ordered) AS not_bought_count
        FROM (SELECT $value AS sku_id) AS asked LEFT JOIN skus AS s USING (sku_id) LEFT JOIN sku_viewers AS v USING (sku_id)
    """,
    headings={
        "sku_id": ("product", "商品编码"),
        "name": ("name", "名称"),
        "brand": ("brand", "品牌"),
        "category_name": ("category", "品类"),
        "specification": ("specification", "规格"),
        "price": ("price", "价格"),
        "stock_quantity": ("stock", "库存"),
        "customer_count": ("customers who looked", "看过的客户数"),
        "viewer_count": ("who viewed", "浏览客户数"),
        "favoriter_count": ("have it as a favourite", "收藏客户数"),
        "buyer_count": ("of them bought", "其中已购"),
        "not_bought_count": ("of them have not", "其中未购"),
    },
)

LOOKER_HEADINGS = {
    "customer_id": ("customer", "客户编号"),
    "name": ("name", "名称"),
    "view_count": ("views", "浏览"),
    "click_count": ("clicks", "点击"),
    "is_favorited": ("favourite", "收藏中"),
    "first_viewed_at": ("first viewed", "首次浏览"),
    "last_viewed_at": ("last viewed", "最近浏览"),
    "score": ("score", "兴趣分"),
}

NOT_BOUGHT = Section(
    name="not_bought",
    en="Viewed, clicked or favourited it and have not bought it, strongest interest first",
    zh="浏览、点击或收藏过但未购买的客户",
    sql="""
        SELECT v.customer_id, p.name, v.view_count, v.click_count, v.is_favorited, v.first_viewed_at, v.last_viewed_at,
            v.score
        FROM sku_viewers AS v LEFT JOIN customer_profiles AS p USING (customer_id)
        WHERE v.sku_id = $value AND NOT v.has_ordered ORDER BY v.score DESC, v.customer_id LIMIT $limit
    """,
    headings=LOOKER_HEADINGS,
)

BOUGHT = Section(
    name="bought",
    en="Looked at it and bought it, newest order first",
    zh="浏览后已购买的客户",
    sql="""
        SELECT v.customer_id, p.name, v.view_count, v.click_count, v.is_favorited, v.first_viewed_at, v.last_viewed_at,
            v.score, v.last_ordered_at
        FROM sku_viewers AS v LEFT JOIN customer_profiles AS p USING (customer_id)
        WHERE v.sku_id = $value AND v.has_ordered ORDER BY v.last_ordered_at DESC, v.customer_id LIMIT $limit
    """,
    headings={**LOOKER_HEADINGS, "last_ordered_at": ("last order", "最近下单")},
)

SEARCHES = Section(
    name="searches",
    en="Searches that led to a click on it, in 28 days",
    zh="带来点击的搜索词（近 28 天）",
    sql="""
        SELECT query, count(*) AS search_count, count(DISTINCT customer_id) AS customer_count
        FROM searches WHERE list_contains(clicked_sku_ids, $value) AND event_date > $as_of - 28
        GROUP BY query ORDER BY search_count DESC, query LIMIT $limit
    """,
    headings={
        "query": ("search", "搜索词"),
        "search_count": ("searches", "搜索次数"),
        "customer_count": ("customers", "客户数"),
    },
    fact_days=28,
)

SECTIONS = (PRODUCT, NOT_BOUGHT, BOUGHT, SEARCHES)

KNOWN = (
    "SELECT sku_id AS id, name FROM skus",
    "SELECT sku_id AS id, NULL::VARCHAR AS name FROM sku_viewers",  # the master need not know it
)
"""What a person may mean: identifiers with their names."""
