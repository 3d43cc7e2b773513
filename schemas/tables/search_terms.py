"""`search_terms`: what is searched for, how often, with what result, as of a day."""

from dataclasses import replace

from schemas.tables.declaration import COUNT, DATE, MONEY, RATIO, Check, Column, Table
from schemas.tables.searches import TABLE as SEARCHES


def _ratio(name: str, en: str, zh: str) -> Column:
    return Column(name, RATIO, en, zh, unit="share of 1")


def _ratio_of_reported(name: str, en: str, zh: str) -> Column:
    return Column(name, RATIO, f"{en}; null when no count was reported", zh, unit="share of 1", is_nullable=True)


TABLE = Table(
    name="search_terms",
    en="What is searched for: how often, by whom, with what result, and whether it leads to orders",
    zh="搜索词：搜索次数、客户数、结果、点击与下单",
    grain="one query in one window of days, as of one day",
    key=("query", "window_days"),
    partition="as_of",
    version=1,
    columns=(
        Column("as_of", DATE, "The last business day counted", "统计截止业务日期"),
        replace(SEARCHES.column("query"), en="The normalised query", zh="归一化搜索词"),
        Column("window_days", COUNT, "Business days counted, as_of included", "统计天数（含截止日）", unit="days"),
        Column("search_count", COUNT, "Searches", "搜索次数"),
        Column("customer_count", COUNT, "Distinct customers; searches of unknown ones count in none", "搜索客户数"),
        Column("reported_count", COUNT, "Searches whose result count was reported", "已上报结果数的搜索次数"),
        Column("zero_result_count", COUNT, "Of these, those that found nothing", "无结果次数"),
        _ratio_of_reported("zero_result_ratio", "zero_result_count / reported_count", "无结果率"),
        Column("few_result_count", COUNT, "Of these, those that found 1 to 3 (a setting)", "结果过少次数（1 至 3 个）"),
        _ratio_of_reported("few_result_ratio", "few_result_count / reported_count", "结果过少率"),
        Column(
            "result_count_median",
            RATIO,
            "Median of the reported result counts; null when none",
            "结果数中位数",
            unit="products",
            is_nullable=True,
        ),
        Column("clicked_count", COUNT, "Searches that were clicked", "有点击的搜索次数"),
        _ratio("click_ratio", "clicked_count / search_count", "点击率"),
        Column(
            "mean_first_click_position",
            RATIO,
            "Mean of the first click's place in the list, where told; null when never",
            "首次点击平均位置",
            unit="place",
            is_nullable=True,
        ),
        Column("ordered_strict_count", COUNT, "Searches a sale is credited to exactly", "带来下单的次数（精确归因）"),
        _ratio("ordered_strict_ratio", "ordered_strict_count / search_count", "下单率（精确归因）"),
        Column("strict_amount", MONEY, "Amount of those sales", "下单金额（精确归因）", unit="currency"),
        Column(
            "ordered_windowed_count",
            COUNT,
            "Searches a sale is credited to exactly or by the window; the exact ones are among them",
            "带来下单的次数（精确或七日窗口归因）",
        ),
        _ratio("ordered_windowed_ratio", "ordered_windowed_count / search_count", "下单率（精确或七日窗口归因）"),
        Column("windowed_amount", MONEY, "Amount of those sales", "下单金额（精确或七日窗口归因）", unit="currency"),
        SEARCHES.column("currency"),
        Column("refined_count", COUNT, "Searches that another query followed soon", "改写次数"),
        _ratio("refined_ratio", "refined_count / search_count", "改写率"),
        Column("exit_count", COUNT, "Searches after which the session ended", "离开次数"),
        _ratio("exit_ratio", "exit_count / search_count", "离开率"),
    ),
    checks=(
        Check("window_has_searches", "search_count > 0"),
        Check("reported_are_searches", "reported_count <= search_count"),
        Check("zero_and_few_are_reported", "zero_result_count + few_result_count <= reported_count"),
        Check("windowed_holds_strict", "ordered_windowed_count >= ordered_strict_count"),
        Check(
            "parts_are_searches",
            "clicked_count <= search_count AND ordered_windowed_count <= search_count "
            "AND refined_count <= search_count AND exit_count <= search_count",
        ),
        Check("no_reports_no_ratio", "(reported_count > 0) = (zero_result_ratio IS NOT NULL)"),
    ),
)
