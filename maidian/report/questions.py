"""What the report asks, one section each. Facts hold the days reported on, marts the last of them."""

from maidian.reading.section import Section

SUMMARY = Section(
    name="summary",
    en="In these days",
    zh="期间概览",
    is_card=True,
    sql="""
        SELECT (SELECT count(*) FROM session_events) AS event_count,
            (SELECT count(*) FROM sessions) AS session_count,
            (SELECT count(DISTINCT customer_id) FROM sessions) AS customer_count,
            (SELECT count(*) FROM searches) AS search_count,
            (SELECT count(DISTINCT order_id) FROM order_lines WHERE is_sale) AS order_count,
            (SELECT sum(amount) FROM order_lines WHERE is_sale) AS sales_amount,
            (SELECT CASE WHEN min(currency) = max(currency) THEN min(currency) END FROM order_lines) AS currency
    """,
    headings={
        "event_count": ("events", "事件数"),
        "session_count": ("visits", "访问次数"),
        "customer_count": ("customers", "客户数"),
        "search_count": ("searches", "搜索次数"),
        "order_count": ("orders", "订单数"),
        "sales_amount": ("sales", "销售额"),
        "currency": ("currency", "币种"),
    },
)

DAYS = Section(
    name="days",
    en="Traffic and orders by day",
    zh="每日流量与订单",
    sql="""
        SELECT event_date, coalesce(session_count, 0) AS session_count, coalesce(customer_count, 0) AS customer_count,
            coalesce(search_count, 0) AS search_count, coalesce(order_count, 0) AS order_count,
            coalesce(sales_amount, 0) AS sales_amount
        FROM (SELECT event_date, count(*) AS session_count, count(DISTINCT customer_id) AS customer_count
            FROM sessions GROUP BY event_date)
        FULL JOIN (SELECT event_date, count(*) AS search_count FROM searches GROUP BY event_date) USING (event_date)
        FULL JOIN (SELECT event_date, count(DISTINCT order_id) AS order_count, sum(amount) AS sales_amount
            FROM order_lines WHERE is_sale GROUP BY event_date) USING (event_date)
        ORDER BY event_date
    """,
    headings={
        "event_date": ("day", "日期"),
        "session_count": ("visits", "访问次数"),
        "customer_count": ("customers", "客户数"),
        "search_count": ("searches", "搜索次数"),
        "order_count": ("orders", "订单数"),
        "sales_amount": ("sales", "销售额"),
    },
)

FUNNEL = Section(
    name="funnel",
    en="From search to order",
    zh="搜索到下单漏斗",
    sql="""
        WITH steps AS (
            UNPIVOT (SELECT sum(searched_search_count) AS searched, sum(with_results_search_count) AS with_results,
                    sum(clicked_search_count) AS clicked, sum(clicked_ordered_windowed_search_count) AS ordered,
                    sum(clicked_paid_windowed_search_count) AS paid
                FROM search_funnel)
            ON searched, with_results, clicked, ordered, paid INTO NAME step VALUE search_count)
        SELECT step, search_count::BIGINT AS search_count,
            search_count / nullif(first(search_count) OVER places, 0) AS of_all_ratio,
            search_count / nullif(lag(search_count) OVER places, 0) AS of_last_ratio
        FROM steps
        WINDOW places AS (ORDER BY list_position(['searched', 'with_results', 'clicked', 'ordered', 'paid'], step))
        ORDER BY list_position(['searched', 'with_results', 'clicked', 'ordered', 'paid'], step)
    """,
    headings={
        "step": ("step", "步骤"),
        "search_count": ("searches", "搜索次数"),
        "of_all_ratio": ("of all", "占全部"),
        "of_last_ratio": ("of the step before", "占上一步"),
    },
)

TERMS = Section(
    name="terms",
    en="Most searched, 28 days",
    zh="热门搜索词（28 天）",
    sql="""
        SELECT query, search_count, customer_count, result_count_median, zero_result_ratio, click_ratio,
            ordered_windowed_count, windowed_amount
        FROM search_terms WHERE window_days = (SELECT max(window_days) FROM search_terms)
        ORDER BY search_count DESC, query LIMIT $limit
    """,
    headings={
        "query": ("search", "搜索词"),
        "search_count": ("searches", "搜索次数"),
        "customer_count": ("customers", "客户数"),
        "result_count_median": ("median results", "结果数中位"),
        "zero_result_ratio": ("found nothing", "零结果率"),
        "click_ratio": ("clicked", "点击率"),
        "ordered_windowed_count": ("led to an order", "带来下单"),
        "windowed_amount": ("amount", "金额"),
    },
)

ZERO_RESULTS = Section(
    name="zero_results",
    en="Searches that find nothing or little, by what they cost",
    zh="无结果或结果少的搜索词（按预估流失）",
    sql="""
        SELECT query, search_count, zero_result_count, customer_count, unserved_customer_count,
            suggestions[1].name AS nearest_name, estimated_lost_amount
        FROM zero_result_terms ORDER BY estimated_lost_amount DESC NULLS LAST, search_count DESC, query LIMIT $limit
    """,
    headings={
        "query": ("search", "搜索词"),
        "search_count": ("searches", "搜索次数"),
        "zero_result_count": ("found nothing", "零结果次数"),
        "customer_count": ("customers", "客户数"),
        "unserved_customer_count": ("unserved", "未满足客户"),
        "nearest_name": ("may have meant", "可能想找"),
        "estimated_lost_amount": ("lost demand, estimated", "预估流失金额"),
    },
)

GROUPS = Section(
    name="groups",
    en="What customers usually spend in an order",
    zh="客户常规订单金额分组",
    sql="""
        SELECT group_number, count(*) AS customer_count, any_value(group_least_amount) AS group_least_amount,
            any_value(group_greatest_amount) AS group_greatest_amount, any_value(group_p50_amount) AS group_p50_amount,
            any_value(group_threshold_amount) AS group_threshold_amount,
            count(*) FILTER (gap_amount > 0) AS below_threshold_count, any_value(currency) AS currency
        FROM order_value_groups WHERE group_number IS NOT NULL GROUP BY group_number, currency
        ORDER BY currency, group_number
    """,
    headings={
        "group_number": ("group", "分组"),
        "customer_count": ("customers", "客户数"),
        "group_least_amount": ("from", "最低"),
        "group_greatest_amount": ("to", "最高"),
        "group_p50_amount": ("median", "中位"),
        "group_threshold_amount": ("next threshold", "下一门槛"),
        "below_threshold_count": ("below it", "未达门槛客户"),
        "currency": ("currency", "币种"),
    },
)

NOT_BOUGHT = Section(
    name="not_bought",
    en="Most looked at and not bought",
    zh="浏览多、未购买的商品",
    sql="""
        SELECT v.sku_id, any_value(s.name) AS name, count(*) FILTER (NOT v.has_ordered) AS not_bought_count,
            count(*) AS customer_count, sum(v.view_count)::BIGINT AS view_count,
            count(*) FILTER (v.is_favorited AND NOT v.has_ordered) AS favorited_count
        FROM sku_viewers AS v LEFT JOIN skus AS s USING (sku_id)
        GROUP BY v.sku_id ORDER BY not_bought_count DESC, v.sku_id LIMIT $limit
    """,
    headings={
        "sku_id": ("product", "商品编码"),
        "name": ("name", "名称"),
        "not_bought_count": ("customers who have not bought", "看过未购客户"),
        "customer_count": ("who looked", "看过的客户"),
        "view_count": ("views", "浏览"),
        "favorited_count": ("favourites not bought", "收藏未购"),
    },
)

REJECTS = Section(
    name="rejects",
    en="Lines refused, by reason",
    zh="被拒绝的数据（按原因）",
    sql="""
        SELECT kind, source, count(*) AS line_count, min(received_date) AS first_date, max(received_date) AS last_date
        FROM rejects GROUP BY kind, source ORDER BY line_count DESC, kind, source
    """,
    headings={
        "kind": ("reason", "原因"),
        "source": ("source", "来源"),
        "line_count": ("lines", "行数"),
        "first_date": ("first", "首次"),
        "last_date": ("last", "最近"),
    },
)

LATE = Section(
    name="late",
    en="Events that came after their day",
    zh="晚到的事件",
    sql="""
        SELECT landing_source AS source, count(*) AS event_count,
            count(*) FILTER (received_at::DATE > event_date) AS late_count,
            max(received_at::DATE - event_date) AS latest_days
        FROM events WHERE received_at IS NOT NULL GROUP BY landing_source ORDER BY landing_source
    """,
    headings={
        "source": ("source", "来源"),
        "event_count": ("events with a time of receipt", "有接收时间的事件"),
        "late_count": ("late", "晚到"),
        "latest_days": ("days late at most", "最多晚到天数"),
    },
)

SECTIONS = (SUMMARY, DAYS, FUNNEL, TERMS, ZERO_RESULTS, GROUPS, NOT_BOUGHT, LATE, REJECTS)

SOURCES = Section(
    name="sources",
    en="Lines read since the lake began: accepted + repeated + rejected",
    zh="累计读取行数：接受 + 重复 + 拒绝",
    sql="",
    headings={
        "source": ("source", "来源"),
        "line_count": ("lines", "行数"),
        "accepted_count": ("accepted", "接受"),
        "repeated_count": ("repeated", "重复"),
        "rejected_count": ("rejected", "拒绝"),
    },
)

AUDITS = Section(
    name="audits",
    en="The last audit of every table",
    zh="各表最近一次审核",
    sql="",
    headings={
        "table": ("table", "表"),
        "asked_count": ("asked", "检查项"),
        "failed_count": ("not met", "未满足"),
        "published_at": ("published (UTC)", "发布时间（UTC）"),
        "is_refused": ("newer data refused", "较新数据未通过"),
    },
)
