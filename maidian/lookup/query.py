"""What an operator asks about one search term."""

from maidian.reading.section import Newest, Section

WINDOWS = Section(
    name="windows",
    en="What became of it",
    zh="搜索结果与转化",
    sql="""
        SELECT window_days, search_count, customer_count, reported_count, zero_result_count, zero_result_ratio,
            result_count_median, click_ratio, mean_first_click_position, ordered_strict_count, strict_amount,
            ordered_windowed_count, windowed_amount, currency, refined_ratio, exit_ratio
        FROM search_terms WHERE query = $value ORDER BY window_days
    """,
    headings={
        "window_days": ("days", "天数"),
        "search_count": ("searches", "搜索次数"),
        "customer_count": ("customers", "客户数"),
        "reported_count": ("with a known result", "有结果数的搜索"),
        "zero_result_count": ("found nothing", "零结果"),
        "zero_result_ratio": ("ratio", "零结果率"),
        "result_count_median": ("median results", "结果数中位"),
        "click_ratio": ("clicked", "点击率"),
        "mean_first_click_position": ("first click at", "首次点击位置"),
        "ordered_strict_count": ("ordered, exact", "下单（精确）"),
        "strict_amount": ("amount", "金额"),
        "ordered_windowed_count": ("ordered, in the window", "下单（窗口）"),
        "windowed_amount": ("amount", "金额"),
        "currency": ("currency", "币种"),
        "refined_ratio": ("searched again", "再次搜索率"),
        "exit_ratio": ("left", "退出率"),
    },
)

MEANT = Section(
    name="meant",
    en="It finds nothing or little: what it may have meant",
    zh="无结果或结果少：可能想找",
    sql="""
        SELECT s.sku_id, s.name, s.matched_by, s.similarity, z.unserved_customer_count, z.estimated_lost_amount, z.currency
        FROM zero_result_terms AS z, unnest(z.suggestions) WITH ORDINALITY AS u(s, place)
        WHERE z.query = $value ORDER BY place LIMIT $limit
    """,
    headings={
        "sku_id": ("product", "商品编码"),
        "name": ("name", "名称"),
        "matched_by": ("matched by", "匹配方式"),
        "similarity": ("similarity", "相似度"),
        "unserved_customer_count": ("customers unserved", "未满足客户数"),
        "estimated_lost_amount": ("lost demand, estimated", "预估流失金额"),
        "currency": ("currency", "币种"),
    },
)

CLICKED = Section(
    name="clicked",
    en="Products clicked after it, in 28 days",
    zh="搜索后点击的商品（近 28 天）",
    sql="""
        SELECT c.sku_id, any_value(s.name) AS name, count(*) AS search_count
        FROM (SELECT unnest(clicked_sku_ids) AS sku_id FROM searches
              WHERE query = $value AND event_date > $as_of - 28) AS c
        LEFT JOIN skus AS s USING (sku_id)
        GROUP BY c.sku_id ORDER BY search_count DESC, c.sku_id LIMIT $limit
    """,
    headings={
        "sku_id": ("product", "商品编码"),
        "name": ("name", "名称"),
        "search_count": ("searches", "搜索次数"),
    },
    fact_days=28,
)

CUSTOMERS = Section(
    name="customers",
    en="Who searched it, newest first",
    zh="最近搜索的客户",
    sql="""
        SELECT q.searched_at, q.customer_id, p.name, q.query_raw, q.result_count, q.click_count,
            q.windowed_order_line_count
        FROM searches AS q LEFT JOIN customer_profiles AS p USING (customer_id)
        WHERE q.query = $value ORDER BY q.searched_at DESC, q.search_id LIMIT $limit
    """,
    headings={
        "searched_at": ("at", "时间"),
        "customer_id": ("customer", "客户编号"),
        "name": ("name", "名称"),
        "query_raw": ("typed", "原始输入"),
        "result_count": ("results", "结果数"),
        "click_count": ("clicks", "点击"),
        "windowed_order_line_count": ("ordered, in the window", "下单行数（窗口）"),
    },
    newest_of=Newest("searches", "query"),
)

SECTIONS = (WINDOWS, MEANT, CLICKED, CUSTOMERS)

KNOWN = tuple(f"SELECT query AS id, NULL::VARCHAR AS name FROM {table}" for table in ("search_terms", "searches"))  # noqa: S608 our own names
"""The term, if it was ever searched: of late, or longer ago."""
