import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collector.protocols.loose_json import is_object, list_items, member

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
CUT_EMOJI = '"\\ud83d"'


@given(st.lists(VALUES), st.sampled_from([None, 1]))
def test_items_of_a_list_are_those_of_a_reader(items: list[object], indent: int | None) -> None:
    found = list_items(json.dumps(items, indent=indent).encode())
    assert found is not None
    assert [json.loads(item) for item in found] == items


@given(st.dictionaries(st.sampled_from(["batch", "sentAt", "x", 'ba"tch']), VALUES), st.sampled_from([None, 1]))
def test_a_member_is_that_of_a_reader(value: dict[str, object], indent: int | None) -> None:
    text = json.dumps(value, indent=indent).encode()
    assert is_object(text)
    found = member(text, "batch")
    expected = value.get("batch")
    if isinstance(expected, str | list | dict):
        assert found is not None
        assert json.loads(found) == expected
    else:
        assert found is None


def test_what_no_reader_takes_is_told_apart() -> None:
    text = f'{{"sentAt":"x","batch":[{{"a":{CUT_EMOJI}}}, \xff, {{"b":NaN}}]}}'.encode("latin-1")
    assert list_items(member(text, "batch") or b"") == [b'{"a":"\\ud83d"}', b"\xff", b'{"b":NaN}']


@pytest.mark.parametrize("text", [b"", b"[", b"[1", b"[1,]", b"[1]]", b"[1}", b'["a]', b"{}", b"[] x", b"5"])
def test_what_is_no_list_that_ends_is_none(text: bytes) -> None:
    assert list_items(text) is None


@pytest.mark.parametrize("text", [b"", b"{", b"{}}", b"[]", b'{"a', b"{} {}", b'"a"'])
def test_what_is_no_object_that_ends_is_none(text: bytes) -> None:
    assert not is_object(text)
    assert member(text, "batch") is None


@given(st.binary(max_size=50))
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    list_items(text)
    list_items(b"[" + text + b"]")
    is_object(b"{" + text + b"}")
    member(b'{"batch":' + text, "batch")
