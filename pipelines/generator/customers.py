"""Who buys: customers of six types, each with a rhythm, a usual order, favourite shelves and a basket."""

from dataclasses import dataclass

import numpy as np

from pipelines.generator.catalogue import PRICE_SCALE, Catalogue
from pipelines.generator.dice import TABLE_SIZE, Dice, Flags, Ints, lognormal, wheel

MINUTES_A_DAY = 24 * 60
PREFERRED_CATEGORIES = 3
BASKET_SIZE = 8
EVER = 1 << 40  # a day that never comes

# Orders placed are this part of all events; with the later statuses they make the 6 % of the mix.
PLACED_RATIO = 0.0190

# Customers whose life changes within the days: registered only then; stopped ordering; never order at all.
NEW_RATIO, LOST_RATIO, BROWSING_RATIO = 0.12, 0.10, 0.08


@dataclass(frozen=True, slots=True)
class CustomerType:
    """What customers of one type have in common; the order is in yuan, the rhythm in days between orders."""

    name: str
    suffix: str
    percent: int
    usual_order: int
    order_sigma: float
    rhythm_days: float
    line_count: int
    buyers_max: int
    tier: int


# Usual orders lie in clear groups (around 300, 700, 1,500, 3,200 and far above) so that one average judges nobody.
TYPES = (
    CustomerType("clinic", "诊所", 30, 300, 0.25, 10, 3, 1, 0),
    CustomerType("single_pharmacy", "大药房", 38, 700, 0.25, 6, 5, 2, 0),
    CustomerType("health_center", "卫生院", 8, 1_500, 0.30, 9, 6, 2, 1),
    CustomerType("pharmacy_chain", "医药连锁有限公司", 15, 3_200, 0.40, 3, 10, 4, 2),
    CustomerType("hospital", "医院", 7, 9_000, 0.50, 7, 12, 5, 1),
    CustomerType("distributor", "医药有限公司", 2, 30_000, 0.50, 10, 15, 3, 3),
)
REGIONS = (
    ("北京", "北京"), ("上海", "上海"), ("广东", "广州"), ("广东", "深圳"), ("广东", "佛山"), ("浙江", "杭州"),
    ("浙江", "宁波"), ("江苏", "南京"), ("江苏", "苏州"), ("山东", "济南"), ("山东", "青岛"), ("四川", "成都"),
    ("四川", "绵阳"), ("重庆", "重庆"), ("湖北", "武汉"), ("湖南", "长沙"), ("河南", "郑州"), ("河南", "洛阳"),
    ("河北", "石家庄"), ("陕西", "西安"), ("安徽", "合肥"), ("福建", "福州"), ("福建", "厦门"), ("江西", "南昌"),
    ("广西", "南宁"), ("云南", "昆明"), ("贵州", "贵阳"), ("辽宁", "沈阳"), ("黑龙江", "哈尔滨"), ("新疆", "乌鲁木齐"),
)  # fmt: skip
FIRST_WORDS = "康仁济民益寿百福安同春德华瑞永嘉惠信和泰"
SECOND_WORDS = "康心堂安生源泰和草芝林济健宁民德寿春丰善"


@dataclass(frozen=True, slots=True)
class Customers:
    """Every customer, by number. Days count from the first business day; money is ten-thousandths of a yuan."""

    customer_ids: tuple[str, ...]
    names: tuple[str, ...]
    region: Ints
    type: Ints
    tier: Ints
    buyer_count: Ints
    registered_day: Ints
    last_order_day: Ints
    """Before the first day for those who never order."""
    rhythm_minutes: Ints
    usual_order: Ints
    line_count: Ints
    preferred: Ints
    """[customer, 0..2] -> category."""
    basket: Ints
    """[customer, 0..7] -> the SKUs bought again and again."""
    by_activity: Ints
    """Wheel of customers: who visits."""

    def __len__(self) -> int:
        return len(self.customer_ids)


def build_customers(count: int, days: int, orders_a_day: float, catalogue: Catalogue, dice: Dice) -> Customers:
    """Draw `count` customers whose rhythms together come to `orders_a_day` orders."""
    kind = dice.pick(wheel([each.percent for each in TYPES]), count)
    region = dice.below(len(REGIONS), count)
    registered, last_order = _lives(count, days, dice)
    preferred = dice.below(len(catalogue.categories), count * PREFERRED_CATEGORIES).reshape(count, -1)
    activity = dice.pick(lognormal(1_000, 0.8), count)
    wheel_size = 1 << max(16, (16 * count).bit_length())
    return Customers(
        customer_ids=tuple(f"C{100001 + number}" for number in range(count)),
        names=_names(kind, region, dice),
        region=region,
        type=kind,
        tier=np.asarray([each.tier for each in TYPES])[kind],
        buyer_count=1 + dice.below(np.asarray([each.buyers_max for each in TYPES])[kind], count),
        registered_day=registered,
        last_order_day=last_order,
        rhythm_minutes=_rhythms(kind, last_order >= 0, orders_a_day, dice),
        usual_order=_by_type(kind, [lognormal(each.usual_order, each.order_sigma) for each in TYPES], dice)
        * PRICE_SCALE,
        line_count=np.asarray([each.line_count for each in TYPES])[kind],
        preferred=preferred,
        basket=_baskets(preferred, catalogue, dice),
        by_activity=wheel(activity.astype(np.float64), wheel_size),
    )


def _by_type(kind: Ints, tables: list[Ints], dice: Dice) -> Ints:
    """One draw for each customer, from the quantile table of the customer's type."""
    return np.stack(tables)[kind, dice.below(len(tables[0]), len(kind))]


def _lives(count: int, days: int, dice: Dice) -> tuple[Ints, Ints]:
    """The day each customer registered, and the last day each may order."""
    fate = dice.pick(wheel([NEW_RATIO, LOST_RATIO, BROWSING_RATIO, 1 - NEW_RATIO - LOST_RATIO - BROWSING_RATIO]), count)
    registered = np.where(fate == 0, dice.below(days, count), -dice.between(1, 2_000, count))
    return registered, np.where(fate == 1, dice.below(days, count), np.where(fate == 2, -1, EVER))  # noqa: PLR2004


def _rhythms(kind: Ints, is_ordering: Flags, orders_a_day: float, dice: Dice) -> Ints:
    """Minutes between orders: the types' own days, stretched to the wanted number of orders a day."""
    minutes = _by_type(kind, [lognormal(each.rhythm_days * MINUTES_A_DAY, 0.4) for each in TYPES], dice)
    natural = float((is_ordering * MINUTES_A_DAY / np.maximum(minutes, 1)).sum())
    stretched: Ints = np.rint(minutes * (natural / orders_a_day)).astype(np.int64)
    return np.maximum(stretched, 1)


def _names(kind: Ints, region: Ints, dice: Dice) -> tuple[str, ...]:
    count = len(kind)
    first, second = dice.below(len(FIRST_WORDS), count).tolist(), dice.below(len(SECOND_WORDS), count).tolist()
    return tuple(
        f"{REGIONS[r][1]}{FIRST_WORDS[f]}{SECOND_WORDS[s]}{TYPES[k].suffix}"
        for r, f, s, k in zip(region.tolist(), first, second, kind.tolist(), strict=True)
    )


def _baskets(preferred: Ints, catalogue: Catalogue, dice: Dice) -> Ints:
    """Half of a basket from the customer's favourite shelves, half from the whole shop."""
    count = len(preferred)
    shelf = preferred[:, np.arange(BASKET_SIZE) % PREFERRED_CATEGORIES]
    own = catalogue.by_category[shelf, dice.below(TABLE_SIZE, count * BASKET_SIZE).reshape(count, -1)]
    any_sku = dice.pick(catalogue.by_popularity, count * BASKET_SIZE).reshape(count, -1)
    return np.where(np.arange(BASKET_SIZE) % 2 == 0, own, any_sku)
