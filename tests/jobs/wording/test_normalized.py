"""Queries that a person takes for one are one."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.wording.normalized import normalized, normalized_text, simplified
from tests.jobs.draw import COSTLY
from tests.oracles import wording


def one(*texts: str | None) -> list[str | None]:
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(normalized(pl.col("text"))).collect()["text"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("阿莫西林膠囊", "阿莫西林胶囊"),
        ("頭孢克肟分散片", "头孢克肟分散片"),
        ("ＡＭＯＸ　５００ｍｇ", "amox 500mg"),
        ("  amoxicillin \t capsules\n", "amoxicillin capsules"),
        ("㎎", "mg"),
        ("ﾋﾞﾀﾐﾝ", "ビタミン"),
        ("É", "é"),
        ("　", ""),
        ("", ""),
        (None, None),
    ],
)
def test_forms(text: str | None, expected: str | None) -> None:
    assert one(text) == [expected]


@COSTLY
@given(st.lists(st.text("aＡ Ａé\u0301膠囊頭孢靈顆㎎1１ \t　", max_size=12), min_size=1, max_size=20))
def test_equals_the_oracle(texts: list[str]) -> None:
    assert one(*texts) == [wording.normalized(text) for text in texts]


@COSTLY
@given(st.text(st.sampled_from("aＡ Ａé膠囊頭孢靈顆藥㎎1 \t　\n")))
def test_one_text_equals_a_column(text: str) -> None:
    assert [normalized_text(text)] == one(text)


@COSTLY
@given(
    st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFFFF, categories=["L", "N", "Z"]), max_size=9))
)
def test_what_is_normal_stays_as_it_is(texts: list[str]) -> None:
    normal = one(*texts)
    assert one(*normal) == normal


def test_no_simplified_character_is_simplified_further() -> None:
    table = simplified()
    assert not set(table.values()) & set(table)
    assert all(len(character) == 1 for character in table.values())
    assert table["藥"] == "药"
