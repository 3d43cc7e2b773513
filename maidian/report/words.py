"""The report's own words, in both languages."""

from maidian.options import Language

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "How the shop does",
        "period": "{first} to {last}, business days; as of {last}",
        "lead": "From the tables of maidian. A click on a heading sorts its table.",
        "nothing": "nothing",
        "numbers": "the numbers",
        "quality": "Data quality",
        "contents": "On this page",
    },
    "zh": {
        "title": "店铺经营报告",
        "period": "{first} 至 {last}（业务日）；截止 {last}",
        "lead": "数据来自 maidian 各表。点击表头可排序。",
        "nothing": "无",
        "numbers": "数据",
        "quality": "数据质量",
        "contents": "本页内容",
    },
}

STEPS: dict[str, dict[Language, str]] = {
    "searched": {"en": "searched", "zh": "搜索"},
    "with_results": {"en": "found something", "zh": "有结果"},
    "clicked": {"en": "clicked", "zh": "点击"},
    "ordered": {"en": "ordered", "zh": "下单"},
    "paid": {"en": "paid", "zh": "付款"},
}

NOTES: dict[str, dict[Language, str]] = {
    "funnel": {
        "en": "Each step holds the searches of the step before that came further. Orders and payments within 7 days; those of the "
        "last days are still to come.",
        "zh": "每一步只包含上一步中继续前进的搜索。下单与付款按 7 天归因，最近几天尚未完整。",
    },
    "zero_results": {
        "en": "Lost demand = customers whose fruitless search led to no click x the usual order line of similar terms.",
        "zh": "预估流失 = 搜索无果且未点击的客户数 × 相近搜索词的常规下单金额。",
    },
    "groups": {
        "en": "Dashed: each group's next threshold, the price point just above most of its customers.",
        "zh": "虚线：各组的下一门槛，即略高于多数客户的价格点。",
    },
    "not_bought": {
        "en": "Looked at in 30 days, not bought in 180, unless settings say otherwise.",
        "zh": "近 30 天浏览，近 180 天未购（以参数为准）。",
    },
}

AXES: dict[str, dict[Language, str]] = {"usual_order": {"en": "usual order", "zh": "常规订单金额"}}

CHART_TEXT: dict[str, dict[Language, str]] = {
    "days": {"en": "Visits and orders on each day", "zh": "每日访问次数与订单数"},
    "funnel": {"en": "Searches at each step from search to payment", "zh": "从搜索到付款各步骤的搜索次数"},
    "groups": {
        "en": "Customers by their usual order, in groups, with each group's next threshold",
        "zh": "按常规订单金额分组的客户数与各组下一门槛",
    },
    "rejects": {"en": "Lines refused, by reason", "zh": "按原因统计的被拒绝行数"},
}
"""What a chart shows, for those who do not see it; its numbers stand in the table below it."""
