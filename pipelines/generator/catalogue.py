"""What the wholesaler sells: real generic drugs (data/drugs.csv), made into SKUs by specification and manufacturer."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

import numpy as np

from pipelines.generator.dice import TABLE_SIZE, Dice, Ints, wheel, zipf

SKU_WHEEL_SIZE = 1 << 16
# From one offer of a drug to the next; a prime, so that all specifications and makers come before a second pack does.
OFFER_STRIDE = 10_007
PRICE_SCALE = 10_000  # money in this package is an integer of ten-thousandths of a yuan
# What a customer's type pays of the list price, in percent: distributors and chains have better terms.
TIER_PERCENTS = (100, 98, 95, 92)


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of the shop, and what people type who look for the shelf."""

    category_id: str
    name: str
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drug:
    """A generic drug as it is sold; `pinyin` has one syllable for each character of the name."""

    category: int
    name: str
    short_name: str
    pinyin: tuple[str, ...]
    specifications: tuple[str, ...]
    price: Decimal
    is_prescription: bool
    synonyms: tuple[str, ...]
    typos: tuple[str, ...]

    @property
    def short_pinyin(self) -> tuple[str, ...]:
        """The syllables of the short name."""
        start = self.name.index(self.short_name)
        return self.pinyin[start : start + len(self.short_name)]


@dataclass(frozen=True, slots=True)
class Maker:
    """A manufacturer; its short name is the brand."""

    name: str
    short_name: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every SKU, by number. Arrays are indexed by SKU; prices in ten-thousandths of a yuan."""

    categories: tuple[Category, ...]
    drugs: tuple[Drug, ...]
    makers: tuple[Maker, ...]
    sku_ids: tuple[str, ...]
    specifications: tuple[str, ...]
    drug: Ints
    maker: Ints
    category: Ints
    price: Ints
    stock: Ints
    popularity: Ints
    """Rank by SKU, 0 the most popular."""
    by_popularity: Ints
    """Wheel of SKUs, Zipf."""
    by_category: Ints
    """[category, place of the wheel] -> SKU; a category without SKUs has the shop's wheel."""

    def tier_prices(self) -> Ints:
        """Price of SKU s at tier t at [s, t], rounded to four decimals as the list price is."""
        return np.asarray(self.price[:, None] * np.asarray(TIER_PERCENTS) // 100)


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a data file of this package."""
    text = files("pipelines.generator").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def read_categories() -> tuple[Category, ...]:
    """Every category, in the order of its id."""
    return tuple(
        Category(row["category_id"], row["name"], tuple(row["queries"].split(";")))
        for row in read_rows("categories.csv")
    )


def read_drugs(categories: tuple[Category, ...]) -> tuple[Drug, ...]:
    """Every generic drug, in the order of the file."""
    places = {category.category_id: place for place, category in enumerate(categories)}
    return tuple(
        Drug(
            category=places[row["category_id"]],
            name=row["name"],
            short_name=row["short_name"],
            pinyin=tuple(row["pinyin"].split()),
            specifications=tuple(row["specifications"].split(";")),
            price=Decimal(row["price"]),
            is_prescription=row["is_prescription"] == "1",
            synonyms=tuple(row["synonyms"].split(";")),
            typos=tuple(row["typos"].split(";")),
        )
        for row in read_rows("drugs.csv")
    )


def build_catalogue(sku_count: int, dice: Dice) -> Catalogue:
    """SKUs of popular drugs first come from more manufacturers."""
    categories = read_categories()
    drugs = read_drugs(categories)
    makers = tuple(Maker(row["name"], row["short_name"]) for row in read_rows("makers.csv"))
    # A flat Zipf: the best-known drug has some fifteen times the offers of the rarest.
    drug = dice.shuffle(len(drugs))[dice.pick(wheel(zipf(len(drugs), 0.5)), sku_count)]
    specification, maker, is_large_pack = _distinct_offers(drug, drugs, len(makers), dice)
    rank = dice.shuffle(sku_count)
    weights = zipf(sku_count)[rank]
    category = np.asarray([each.category for each in drugs])[drug]
    by_popularity = wheel(weights, SKU_WHEEL_SIZE)
    return Catalogue(
        categories=categories,
        drugs=drugs,
        makers=makers,
        sku_ids=tuple(f"YP{100001 + number}" for number in range(sku_count)),
        specifications=tuple(
            drugs[d].specifications[s] + (f"×{pack + 1}" if pack else "")
            for d, s, pack in zip(drug.tolist(), specification.tolist(), is_large_pack.tolist(), strict=True)
        ),
        drug=drug,
        maker=maker,
        category=category,
        price=_prices(drug, specification, is_large_pack, drugs, dice),
        stock=dice.below(5_000, sku_count) * dice.chance(0.94, sku_count),
        popularity=rank,
        by_popularity=by_popularity,
        by_category=np.stack(
            [
                wheel(np.where(category == place, weights, 0.0))
                if (category == place).any()
                else by_popularity[:: SKU_WHEEL_SIZE // TABLE_SIZE]
                for place in range(len(categories))
            ]
        ),
    )


def _distinct_offers(drug: Ints, drugs: tuple[Drug, ...], maker_count: int, dice: Dice) -> tuple[Ints, Ints, Ints]:
    """Specification, manufacturer and pack of each SKU; no two SKUs of one drug share all three."""
    combinations = np.asarray([len(each.specifications) for each in drugs]) * maker_count
    start = dice.below(combinations, len(drugs))
    by_drug = np.argsort(drug, kind="stable")
    offers = np.bincount(drug, minlength=len(drugs))
    number = np.empty(len(drug), dtype=np.int64)  # of the SKU among its drug's
    number[by_drug] = np.arange(len(drug)) - np.repeat(np.cumsum(offers) - offers, offers)
    chosen = (start[drug] + number * OFFER_STRIDE) % combinations[drug]
    return chosen // maker_count, chosen % maker_count, number // combinations[drug]


def _prices(drug: Ints, specification: Ints, pack: Ints, drugs: tuple[Drug, ...], dice: Dice) -> Ints:
    """List prices: most in whole fen, some with three or four decimals, as tenders quote them."""
    count = len(drug)
    base = np.asarray([int(each.price * PRICE_SCALE) for each in drugs])[drug]
    price = base * dice.between(70, 150, count) * (10 + 6 * specification) * (1 + pack) // 1000
    grain = dice.pick(wheel([70, 20, 10]), count)
    unit = np.asarray([100, 10, 1])[grain]
    return np.asarray(np.maximum(price // unit, 1) * unit)
