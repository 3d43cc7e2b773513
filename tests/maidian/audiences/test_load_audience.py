"""Definitions: those that come with maidian are good, and each mistake is one line that says what to do."""

from pathlib import Path

import pytest

from maidian.audiences.load_audience import known_audiences, load_audience
from schemas.errors import UsageError
from schemas.lake.lake import Lake, create_lake

GOOD = """
name = "mine"
title = { en = "Mine", zh = "我的" }
source = "customer_sku_days"
order = ["score desc"]
[conditions]
within_days = 7
[exclusions]
regions = ["浙江"]
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = create_lake(tmp_path / "lake")
    (lake.path / "audiences").mkdir()
    return lake


def write(lake: Lake, text: str, name: str = "mine") -> Path:
    path = lake.path / "audiences" / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_those_that_come_with_maidian_are_good(lake: Lake) -> None:
    names = [each.name for each in known_audiences(lake)]
    assert names == ["browsed_never_ordered", "dormant_with_interests", "near_threshold", "viewed_not_ordered"]
    assert {load_audience(lake, name).source for name in names} == {
        "customer_profiles",
        "customer_sku_days",
        "order_value_groups",
    }


def test_one_of_the_lake_is_found_by_name_or_path_and_goes_before_its_namesake(lake: Lake) -> None:
    path = write(lake, GOOD)
    assert load_audience(lake, "mine") == load_audience(lake, str(path))
    assert load_audience(lake, "mine").conditions.within_days == 7
    write(lake, GOOD.replace("mine", "near_threshold"), "near_threshold")
    assert load_audience(lake, "near_threshold").source == "customer_sku_days"
    assert [each.name for each in known_audiences(lake)].count("near_threshold") == 1


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ('source = "customer_sku_days"', "", ["'source' is missing", "customer_profiles"]),
        ('"customer_sku_days"', '"sku_days"', ["source 'sku_days'", "did you mean", "customer_sku_days"]),
        ("within_days = 7", "within_day = 7", ["[conditions]", "unknown key 'within_day'", "did you mean within_days"]),
        ("within_days = 7", 'within_days = "7"', ["[conditions] within_days", "int"]),
        ("within_days = 7", "within_days = 0", ["[conditions] within_days", ">= 1"]),
        ("within_days = 7", 'acts = ["looked"]', ["[conditions] acts", "looked", "favorited, viewed"]),
        ("within_days = 7", "acts = []", ["[conditions] acts"]),
        ("within_days = 7", "gap_at_most = 3", ["[conditions]", "unknown key 'gap_at_most'"]),
        ("within_days = 7", 'regions = ["浙江"]', ["[exclusions] regions", "浙江", "leave it out of one"]),
        ('regions = ["浙江"]', 'lifecycles = ["gone"]', ["[exclusions] lifecycles", "'gone'", "dormant"]),
        ('["score desc"]', '["price"]', ["order 'price'", "score, view_count"]),
        ('["score desc"]', '["score down"]', ["order 'score down'", "asc"]),
        ('name = "mine"', 'name = "other"', ["name is 'other'", "mine.toml", "make them the same"]),
        ('name = "mine"', 'name = "Mine!"', ["[name]"]),
        (', zh = "我的"', "", ["[title]", "'zh' is missing"]),
        ('name = "mine"', "name = mine", ["is not TOML", "line 2"]),
    ],
)
def test_each_mistake_is_one_line(good: str, bad: str, words: list[str], lake: Lake) -> None:
    assert good in GOOD
    path = write(lake, GOOD.replace(good, bad))
    with pytest.raises(UsageError) as refused:
        load_audience(lake, "mine")
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for word in words:
        assert word in message


def test_bytes_that_are_not_utf8_and_names_that_are_not_there(lake: Lake) -> None:
    path = write(lake, "")
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(UsageError, match="not UTF-8"):
        load_audience(lake, "mine")
    with pytest.raises(UsageError, match="did you mean near_threshold"):
        load_audience(lake, "near_treshold")
    with pytest.raises(UsageError, match="cannot be read"):
        load_audience(lake, "nothing.toml")


def test_spans_that_nobody_fits(lake: Lake) -> None:
    text = 'name = "mine"\ntitle = { en = "a", zh = "名" }\nsource = "customer_profiles"\n[conditions]\n'
    write(lake, text + "last_order_at_least_days = 9\nlast_order_at_most_days = 8\n")
    with pytest.raises(UsageError, match="nobody fits"):
        load_audience(lake, "mine")
