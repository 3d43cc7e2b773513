"""What buyers type: names, pinyin initials, full pinyin, synonyms, typos, widths and spaces, shelves, things not sold."""

from dataclasses import dataclass, field

import numpy as np

from pipelines.generator.catalogue import Catalogue, Drug, read_rows
from pipelines.generator.dice import Dice, Ints, wheel

WAYS_SIZE = 64  # places on a drug's wheel: the rarest way of typing has at least one of them
POOL_MAX = 200  # a shelf lists no more SKUs than a buyer could page through
SHOWN_MAX = 6

# Shares of the ways to type a drug's name, in percent.
WAY_PERCENTS = {
    "short_name": 27,
    "name": 17,
    "initials": 14,
    "maker": 9,
    "synonym": 8,
    "pinyin": 6,
    "specification": 5,
    "typo": 6,
    "spaces": 5,
    "width": 2,
    "traditional": 1,
}
# The shop's search engine knows most synonyms and few typos; what it knows it always knows.
KNOWN_RATIOS = {"synonym": 0.6, "typo": 0.25}
LUCK_A_DRUG = 24
TRADITIONAL = str.maketrans("胶颗粒软缓释药维罗双钙锌头", "膠顆粒軟緩釋藥維羅雙鈣鋅頭")
FULL_WIDTH_OFFSET = 0xFEE0  # from "!" to "！"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every query, by number. Each has a pool: the SKUs its result lists, best first, a range of `pools`."""

    texts: tuple[str, ...]
    result_count: Ints
    pool_start: Ints
    pool_size: Ints
    pools: Ints
    prefix: Ints
    """Query -> the query typed so far when the client searches at each keystroke."""
    by_drug: Ints
    """[drug, place of the wheel] -> query."""
    by_category: tuple[Ints, ...]
    unstocked: Ints

    def shown(self, query: int) -> list[int]:
        """The SKUs on the first page."""
        start = int(self.pool_start[query])
        shown: list[int] = self.pools[start : start + min(int(self.pool_size[query]), SHOWN_MAX)].tolist()
        return shown


@dataclass(slots=True)
class _Draft:
    """Collects queries; one text is one query, with the results it was first given."""

    numbers: dict[str, int] = field(default_factory=dict)
    result_counts: list[int] = field(default_factory=list)
    pool_ranges: list[tuple[int, int]] = field(default_factory=list)
    pools: list[int] = field(default_factory=list)

    def store_pool(self, skus: list[int]) -> tuple[int, int]:
        start = len(self.pools)
        self.pools.extend(skus[:POOL_MAX])
        return start, min(len(skus), POOL_MAX)

    def add(self, text: str, pool: tuple[int, int], result_count: int) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.numbers)
            self.result_counts.append(result_count)
            self.pool_ranges.append((pool[0], min(pool[1], result_count)))
        return self.numbers[text]


def build_vocabulary(catalogue: Catalogue, dice: Dice) -> Vocabulary:
    """Queries for every drug of the data file, stocked or not, for every shelf, and for what is not sold."""
    draft = _Draft()
    # One draw for each way of each drug that the search engine may not know; more than any drug has.
    luck = dice.u16(len(catalogue.drugs) * LUCK_A_DRUG).reshape(len(catalogue.drugs), -1) / (1 << 16)
    by_drug = [
        _add_drug(draft, number, drug, catalogue, luck[number].tolist()) for number, drug in enumerate(catalogue.drugs)
    ]
    by_category = tuple(_add_category(draft, place, catalogue) for place in range(len(catalogue.categories)))
    unstocked = np.asarray([draft.add(row["query"], (0, 0), 0) for row in read_rows("unstocked.csv")])
    typed = list(draft.numbers)
    # A prefix search is never answered: the client has sent the next keystroke by then.
    prefix = np.asarray([draft.add(text[: max(1, len(text) // 2)], (0, 0), 0) for text in typed])
    starts, sizes = np.asarray(draft.pool_ranges).T
    return Vocabulary(
        texts=tuple(draft.numbers),
        result_count=np.asarray(draft.result_counts),
        pool_start=starts,
        pool_size=sizes,
        pools=np.asarray([*draft.pools, 0]),  # one entry more, so that an empty pool may be looked at
        prefix=prefix,
        by_drug=np.asarray(by_drug),
        by_category=by_category,
        unstocked=unstocked,
    )


def _best_first(skus: Ints, catalogue: Catalogue) -> list[int]:
    ordered: list[int] = skus[np.argsort(catalogue.popularity[skus], kind="stable")].tolist()
    return ordered


def _add_category(draft: _Draft, place: int, catalogue: Catalogue) -> Ints:
    skus = _best_first(np.flatnonzero(catalogue.category == place), catalogue)
    pool = draft.store_pool(skus)
    return np.asarray([draft.add(text, pool, len(skus)) for text in catalogue.categories[place].queries])


def _add_drug(draft: _Draft, number: int, drug: Drug, catalogue: Catalogue, luck: list[float]) -> Ints:
    """A wheel of the queries that look for this drug."""
    skus = _best_first(np.flatnonzero(catalogue.drug == number), catalogue)
    pool = draft.store_pool(skus)
    texts = ways_to_type(drug)
    for sku in skus[:2]:
        brand = catalogue.makers[int(catalogue.maker[sku])].short_name
        texts["maker"].append(brand + drug.short_name)
    queries: list[int] = []
    weights: list[float] = []
    for way, variants in texts.items():
        for text in variants:
            is_known = luck[len(queries) % LUCK_A_DRUG] < KNOWN_RATIOS.get(way, 1.0)
            # Found by manufacturer: the shop lists that manufacturer's offers first and counts them alone.
            count = len(skus) if way != "maker" else max(1, len(skus) // 8)
            queries.append(draft.add(text, pool, count if is_known and skus else 0))
            weights.append(WAY_PERCENTS[way] / len(variants))
    return np.asarray(queries)[wheel(weights, WAYS_SIZE)]


def ways_to_type(drug: Drug) -> dict[str, list[str]]:
    """Texts by way of typing, each way of `WAY_PERCENTS` but with `maker` still empty."""
    short_initials = "".join(syllable[0] for syllable in drug.short_pinyin)
    initials = "".join(syllable[0] for syllable in drug.pinyin)
    form = drug.name.removeprefix(drug.short_name)
    spaced = (
        f"{drug.short_name} {form}" if form and form != drug.name else f"{drug.short_name} {drug.specifications[0]}"
    )
    return {
        "short_name": [drug.short_name],
        "name": [drug.name],
        "initials": [short_initials, initials],
        "maker": [],
        "synonym": list(drug.synonyms),
        "pinyin": ["".join(drug.short_pinyin), " ".join(drug.short_pinyin)],
        "specification": [f"{drug.short_name}{drug.specifications[0]}"],
        "typo": list(drug.typos),
        "spaces": [spaced, f" {drug.short_name}", f"{drug.short_name}\u3000"],
        "width": [_full_width(short_initials), short_initials.upper()],
        "traditional": [drug.name.translate(TRADITIONAL)],
    }


def _full_width(text: str) -> str:
    """Latin letters as an input method in full-width mode gives them."""
    return "".join(chr(ord(each) + FULL_WIDTH_OFFSET) for each in text)
