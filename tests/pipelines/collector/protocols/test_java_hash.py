import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collector.protocols.java_hash import java_hash


def slow(text: bytes) -> int:
    value = 0
    for code in text:
        value = (value * 31 + code) % 2**32
    return value - 2**32 if value >= 2**31 else value


@pytest.mark.parametrize(
    ("text", "expected"), [(b"", 0), (b"a", 97), (b"eyJhIjoxfQ==", -1930075513), (b"polygenelubricants", -(2**31))]
)
def test_known_hashes(text: bytes, expected: int) -> None:
    assert java_hash(text) == expected


@given(st.binary(max_size=300), st.integers(0, 3))
def test_equals_the_definition_across_blocks(text: bytes, times: int) -> None:
    long = text * (1 + times * 1000)
    assert java_hash(long[:200_000]) == slow(long[:200_000])
