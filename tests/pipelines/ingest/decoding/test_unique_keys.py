"""A quick look at keys never says unique where it is not."""

import json
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.decoding.unique_keys import find_not_unique
from pipelines.unique_keys import are_surely_unique, are_unique
from tests.pipelines.ingest.decoding.event_lines import value_inside, write
from tests.pipelines.ingest.decoding.odd_values import Pairs

PIECES = [
    '"a"',
    '"b"',
    '"\\u0061"',
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "1",
    '"\\":"',
    '"\\u0022:"',
    '"\\"\\u003a"',
    "null",
    '""',
    "1e400",
]


def is_unique(text: str) -> bool:
    def note(pairs: list[tuple[str, Any]]) -> None:
        repeated.append(len({key for key, _ in pairs}) < len(pairs))

    repeated: list[bool] = []
    json.loads(text, object_pairs_hook=note)
    return not any(repeated)


@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_what_is_called_unique_is_unique(r: Random, repeats: int) -> None:
    pairs = Pairs((key, value_inside(r, 0)) for key in "abcd")
    for _ in range(repeats):
        pairs.append(
            (r.choice(["a", "e", 'a":b']), r.choice(['":', 1, Pairs([("a", 1), ("a", 2)]), Pairs([("a", 1)])]))
        )
    text = write(r, pairs, 0)
    if are_unique(text.encode()):
        assert is_unique(text)
    assert are_surely_unique(text.encode()) == is_unique(text)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_valid_text_of_quotes_and_colons(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        return
    if are_unique(text.encode()):
        assert is_unique(text)


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":"\\u0022:"}', '{"a":"\\"\\u003a","a":"\\"\\u003A"}', '{"b":{"a":1,"\\u0061":2}}']
)
def test_another_way_to_write_a_quote_hides_nothing(text: str) -> None:
    assert not is_unique(text)
    assert not are_unique(text.encode())


@given(st.lists(st.sampled_from(['{"a":1}', '{"a":1,"a":2}', '{"a" :1}', '{"a"\t:"\\":"}', "null", '":"']), max_size=9))
def test_a_batch_hides_no_text_behind_another(texts: list[str]) -> None:
    found = find_not_unique(pa.array(texts, pa.string()))
    assert {index for index, text in enumerate(texts) if not is_unique(text)} <= set(found)


def test_a_batch_finds_the_odd_one() -> None:
    texts = [f'{{"a":{number},"b":[{{"a":1}}]}}' for number in range(300)]
    texts[200] = '{"a":1,"a":2}'
    assert find_not_unique(pa.array(texts)) == [200]
    assert find_not_unique(pa.array(texts).slice(150, 100)) == [50]
    assert find_not_unique(pa.array([], pa.string())) == []
