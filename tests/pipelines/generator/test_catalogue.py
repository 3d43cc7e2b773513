"""The data files hold what they should, and SKUs and queries are made of them."""

import unicodedata

import pytest

from pipelines.generator.catalogue import Catalogue, build_catalogue, read_categories, read_drugs, read_rows
from pipelines.generator.dice import Dice
from pipelines.generator.vocabulary import Vocabulary, build_vocabulary, ways_to_type

DRUGS = {drug.name: drug for drug in read_drugs(read_categories())}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return build_catalogue(3_000, Dice(1))


@pytest.fixture(scope="module")
def vocabulary(catalogue: Catalogue) -> Vocabulary:
    return build_vocabulary(catalogue, Dice(2))


def test_the_shop_knows_enough_drugs_shelves_and_makers() -> None:
    assert len(DRUGS) >= 120
    assert len(read_categories()) >= 12
    assert len({row["short_name"] for row in read_rows("makers.csv")}) >= 30


def test_each_character_has_its_syllable() -> None:
    for drug in DRUGS.values():
        assert len(drug.pinyin) == len(drug.name), drug.name
        assert drug.short_name in drug.name
        assert drug.price > 0
        assert all(syllable.isascii() and syllable.isalnum() for syllable in drug.pinyin), drug.name


def test_a_drug_is_typed_in_many_ways() -> None:
    ways = ways_to_type(DRUGS["阿莫西林胶囊"])
    assert ways["initials"] == ["amxl", "amxljn"]
    assert ways["pinyin"] == ["amoxilin", "a mo xi lin"]
    assert ways["width"] == ["ａｍｘｌ", "AMXL"]
    assert ways["traditional"] == ["阿莫西林膠囊"]
    assert "阿莫西林 胶囊" in ways["spaces"]
    assert "阿莫西霖" in ways["typo"]
    assert ways_to_type(DRUGS["盐酸莫西沙星片"])["initials"] == ["mxsx", "ysmxsxp"]


def test_no_two_skus_are_the_same_offer(catalogue: Catalogue) -> None:
    offers = list(zip(catalogue.drug.tolist(), catalogue.specifications, catalogue.maker.tolist(), strict=True))
    assert len(set(offers)) == len(offers) == 3_000


def test_prices_are_positive_and_some_have_four_decimals(catalogue: Catalogue) -> None:
    prices = catalogue.price.tolist()
    assert min(prices) > 0
    assert any(price % 10 for price in prices)
    assert sum(price % 100 == 0 for price in prices) > 1_500


def test_queries_find_only_their_drug_and_some_find_nothing(catalogue: Catalogue, vocabulary: Vocabulary) -> None:
    assert len(set(vocabulary.texts)) == len(vocabulary.texts) > 2_000
    number = vocabulary.texts.index("amxl")
    start, size = int(vocabulary.pool_start[number]), int(vocabulary.pool_size[number])
    found = {catalogue.drugs[int(catalogue.drug[sku])].short_name for sku in vocabulary.pools[start : start + size]}
    assert found == {"阿莫西林"}
    assert int(vocabulary.result_count[vocabulary.texts.index("冬虫夏草")]) == 0
    assert all(0 < len(text) <= 1024 for text in vocabulary.texts)
    assert any(unicodedata.normalize("NFKC", text) != text for text in vocabulary.texts)


def test_a_keystroke_search_is_the_beginning_of_its_query(vocabulary: Vocabulary) -> None:
    for number, prefix in enumerate(vocabulary.prefix.tolist()):
        assert vocabulary.texts[number].startswith(vocabulary.texts[prefix])
