"""`search_funnel`: how far a day's searches came, from results to payment, by channel and lifecycle of the customer."""

from itertools import pairwise

from schemas.tables.customer_lifecycles import LIFECYCLES
from schemas.tables.declaration import COUNT, SECONDS, STRING, Check, Column, Table
from schemas.tables.searches import TABLE as SEARCHES

# In the order of the funnel: each step holds only searches that took every one before.
STEPS = (
    ("searched", "all of them", "搜索"),
    ("with_results", "with results: reported, or shown by a click where nothing was reported", "有结果"),
    ("clicked", "and a click", "点击"),
    ("favorited", "and a favourite", "收藏"),
    ("ordered_windowed", "and an order credited to it exactly or by the window", "下单（精确或七日窗口归因）"),
    ("ordered_strict", "and an order credited to it exactly", "下单（精确归因）"),
    ("paid", "and such an order paid", "付款（精确归因）"),
)
# What follows a click where nobody asks for a favourite: few put a product on a list before they order it.
ASIDE = (
    ("clicked_ordered_windowed", "clicked, and an order credited exactly or by the window", "点击后下单（七日窗口）"),
    ("clicked_paid_windowed", "clicked, and such an order paid", "点击后付款（七日窗口）"),
    ("clicked_ordered_strict", "clicked, and an order credited exactly", "点击后下单（精确）"),
    ("clicked_paid_strict", "clicked, and such an order paid", "点击后付款（精确）"),
)
WAITS = (
    ("searched_to_results", "the search", "its results", "搜索至结果"),
    ("results_to_clicked", "the results", "the first click", "结果至首次点击"),
    ("clicked_to_favorited", "the first click", "the first favourite", "首次点击至首次收藏"),
    ("favorited_to_ordered", "the first favourite", "the first order", "首次收藏至首次下单"),
    ("ordered_to_paid", "the first order", "the first payment", "首次下单至首次付款"),
    ("searched_to_clicked", "the search", "the first click", "搜索至首次点击"),
    ("clicked_to_ordered", "the first click", "the first order, favourite or not", "首次点击至首次下单（不论收藏）"),
)


def _counts() -> list[Column]:
    """Two columns a step."""
    columns = []
    for name, en, zh in (*STEPS, *ASIDE):
        columns += [
            Column(f"{name}_search_count", COUNT, f"Searches: {en}", f"{zh}：搜索次数"),
            Column(f"{name}_customer_count", COUNT, f"Distinct customers of these searches: {en}", f"{zh}：客户数"),
        ]
    return columns


def _parts(unit: str) -> str:
    """The condition that each step is a part of the one before."""
    names = [name for name, _, _ in STEPS]
    return " AND ".join(f"{later}_{unit}_count <= {earlier}_{unit}_count" for earlier, later in pairwise(names))


TABLE = Table(
    name="search_funnel",
    en="How far the searches of a day came: results, click, favourite, order, payment",
    zh="搜索漏斗：当日搜索的结果、点击、收藏、下单与付款",
    grain="one channel and one lifecycle of customers, on one day",
    key=("channel", "lifecycle"),
    partition="event_date",
    version=2,
    columns=(
        SEARCHES.column("event_date"),
        SEARCHES.column("channel"),
        Column(
            "lifecycle",
            STRING,
            "Where the customer stood before the day: browsing without an order; unknown without a customer, and where "
            "nobody's lifecycle is known",
            "客户生命周期（当日之前）；尚未下单为 browsing，未知客户或当时无人有生命周期为 unknown",
            allowed=("browsing", *LIFECYCLES, "unknown"),
        ),
        *_counts(),
        Column("reported_search_count", COUNT, "Searches whose result count was reported", "已上报结果数的搜索次数"),
        *(
            Column(
                f"{name}_median_seconds",
                SECONDS,
                f"Median from {earlier} to {later}; null when none",
                f"{zh}秒数中位数",
                unit="seconds",
                is_nullable=True,
            )
            for name, earlier, later, zh in WAITS
        ),
    ),
    checks=(
        Check("searches_are_parts", _parts("search")),
        Check("customers_are_parts", _parts("customer")),
        Check(
            "favorites_are_no_gate",
            "clicked_ordered_windowed_search_count <= clicked_search_count "
            "AND ordered_windowed_search_count <= clicked_ordered_windowed_search_count "
            "AND ordered_strict_search_count <= clicked_ordered_strict_search_count "
            "AND clicked_ordered_strict_search_count <= clicked_ordered_windowed_search_count",
        ),
        Check("reported_are_searched", "reported_search_count <= searched_search_count"),
    ),
)
