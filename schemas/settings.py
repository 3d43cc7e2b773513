"""The settings: the numbers of the definitions that a shop may choose for itself, with their defaults.

They are read from `<lake>/settings.toml` or a file named with `--settings` (schemas/settings_file.py), and documented in
docs/settings.md, which is generated from here. A job names those it uses; when one of them changes, every day of the
job's table is rebuilt. The unit stands in the name; a setting is a whole number or a rising list of them, for
shares and weights too: results must be the same to the last digit on every machine.

`Meta.description` is the English meaning, `Meta.extra["zh"]` the Chinese one.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Meta


def _about(en: str, zh: str, least: int, most: int) -> Meta:
    """The meaning of a whole number, and its least and greatest value."""
    return Meta(description=en, extra={"zh": zh}, ge=least, le=most)


Days = Annotated[int, Meta(ge=1, le=400)]
Price = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, in the order the tables need them."""

    session_gap_minutes: Annotated[
        int,
        _about("This long without an event ends a visit", "超过此时长无行为即结束一次访问", 1, 1_440),
    ] = 30
    identity_window_days: Annotated[
        int,
        _about("How many days a device remembers who used it", "设备与客户对应关系的回看天数", 1, 400),
    ] = 30
    shared_device_customers: Annotated[
        int,
        _about(
            "A device seen with this many customers in the window is shared: nothing is guessed from it",
            "窗口内登录过这么多客户的设备视为共用设备，不做归并",
            2,
            1_000,
        ),
    ] = 4
    attribution_window_days: Annotated[
        int,
        _about(
            "An order line counts for a search whose result was clicked up to this many days before",
            "搜索点击后多少天内的订单行可归因于该搜索",
            1,
            90,
        ),
    ] = 7
    search_fold_seconds: Annotated[
        int,
        _about(
            "Keystrokes and repeats of a query this close together are one search",
            "此时长内逐字输入或重复的关键词合并为一次搜索",
            0,
            600,
        ),
    ] = 30
    search_refine_minutes: Annotated[
        int,
        _about(
            "Another query this soon after a search, in the same visit, refines it",
            "同一访问中此时长内再次搜索视为改写",
            1,
            1_440,
        ),
    ] = 5
    interest_window_days: Annotated[
        int,
        _about("How many days of acts the interest of a customer is made of", "计算客户兴趣的回看天数", 1, 1_100),
    ] = 120
    viewer_window_days: Annotated[
        int,
        _about("How many days of acts the viewers of a product are taken from", "统计商品关注客户的回看天数", 1, 1_100),
    ] = 30
    interest_half_life_days: Annotated[
        int,
        _about("An act this many days old counts half", "行为的权重每过多少天减半", 1, 3_650),
    ] = 30
    view_weight: Annotated[int, _about("What a view counts in a score", "浏览的权重", 0, 1_000)] = 1
    click_weight: Annotated[int, _about("What a click counts in a score", "点击的权重", 0, 1_000)] = 1
    favorite_weight: Annotated[int, _about("What a favourite counts in a score", "收藏的权重", 0, 1_000)] = 3
    order_weight: Annotated[int, _about("What an order line counts in a score", "下单的权重", 0, 1_000)] = 5
    interest_rank_limit: Annotated[
        int,
        _about("How many interests of each kind are kept for a customer", "每个客户每类兴趣保留的数量", 1, 100_000),
    ] = 100
    search_term_windows_days: Annotated[
        tuple[Days, ...],
        Meta(
            description="The windows that search terms are counted over",
            extra={"zh": "搜索词的统计窗口"},
            min_length=1,
            max_length=10,
        ),
    ] = (1, 7, 28)
    few_results_limit: Annotated[
        int,
        _about("A search with this many results or fewer found few", "结果数不超过此值视为结果过少", 1, 1_000),
    ] = 3
    order_window_days: Annotated[
        int,
        _about(
            "How many days of orders a customer's spending and rhythm are taken from",
            "统计客户消费与下单节奏的回看天数",
            1,
            1_100,
        ),
    ] = 180
    zero_result_window_days: Annotated[
        int,
        _about("How many days of searches that found nothing or few are looked at", "无结果搜索词的统计天数", 1, 400),
    ] = 28
    zero_result_term_limit: Annotated[
        int,
        _about(
            "How many of the terms that find nothing or few are kept, those of most customers first",
            "保留的无结果搜索词数量（按客户数）",
            1,
            10_000,
        ),
    ] = 1_000
    usual_order_count: Annotated[
        int,
        _about(
            "A customer's usual order is taken from this many of the last paid ones", "常规订单取最近多少笔", 1, 1_000
        ),
    ] = 10
    price_points: Annotated[
        tuple[Price, ...],
        Meta(
            description="Amounts, in the shop's currency, that a spending threshold is rounded up to",
            extra={"zh": "满额门槛取整的价位（本店币种）"},
            min_length=1,
            max_length=100,
        ),
    ] = (
        # At most a quarter apart: groups of customers who spend alike are about a factor of two wide.
        *(10, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 150, 180, 200, 250, 300, 350, 400, 450),
        *(500, 600, 700, 800, 900, 1_000, 1_200, 1_500, 1_800, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000, 6_000),
        *(7_000, 8_000, 9_000, 10_000, 12_000, 15_000, 18_000, 20_000, 25_000, 30_000, 35_000, 40_000, 45_000, 50_000),
        *(60_000, 70_000, 80_000, 90_000, 100_000, 120_000, 150_000, 180_000, 200_000),
    )
    mart_days: Annotated[
        int,
        _about(
            "How many of the newest days the tables as of a day (marts) are built, kept and kept exact for; each costs a "
            "night as much again",
            "集市表（按统计日）构建、保留并持续更新的最近天数；每多一天，夜间作业成本相应增加",
            1,
            1_100,
        ),
    ] = 1

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not is_rising(getattr(self, name)):
                raise ValueError(f"{name} does not rise from value to value")

    def chosen(self, names: Iterable[str]) -> dict[str, Any]:
        """The values of some settings, as a manifest holds them."""
        values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({name: getattr(self, name) for name in names}))
        return values


def is_rising(value: Any) -> bool:
    """Whether a list of numbers rises from value to value; anything else does."""
    return not isinstance(value, tuple) or all(one < other for one, other in pairwise(value))


DEFAULTS = Settings()
