"""Decoding equals the reference decoder, exactly: kinds, fields, offsets, bytes, values, order."""

import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.ingest.decoding import decode as decode_module
from pipelines.ingest.decoding import wire_arrays
from pipelines.ingest.decoding.exact_line import read_line
from schemas.events.rejects import RejectKind
from tests.pipelines.ingest.decoding import event_lines, line_faults, odd_values
from tests.pipelines.ingest.decoding.both_decoders import assert_equal

NO_LIMIT_OF_TIME = {"max_future_seconds": 10**10, "max_age_days": 10**6, "max_clock_skew_seconds": 0}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    r=st.randoms(use_true_random=False),
    count=st.integers(1, 6),
    zone=st.sampled_from(odd_values.ZONES),
    limits=st.sampled_from([{}, {}, NO_LIMIT_OF_TIME, {"max_line_bytes": 300}]),
    first_byte=st.sampled_from([0, 10**12]),
)
def test_any_lines_decode_as_the_reference_does(
    r: Random, count: int, zone: str, limits: dict[str, int], first_byte: int
) -> None:
    assert_equal(line_faults.block(r, count), zone=zone, first_byte=first_byte, **limits)


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None)
@given(block=st.binary(max_size=200) | st.text('{}[]":,\\ntrue01 \n\r\u00e9\ud800').map(_to_bytes))
def test_any_bytes_become_rejects_and_never_an_error(block: bytes) -> None:
    assert_equal(block)


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.ci) for seed in range(8, 80))])
def test_random_blocks_decode_as_the_reference_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    r = Random(seed)
    monkeypatch.setattr(decode_module, "_LINES_A_CHUNK", r.choice([10, 30, 65_536]))
    monkeypatch.setattr(decode_module, "_BYTES_A_CHUNK", r.choice([5000, 1 << 28]))
    monkeypatch.setattr(wire_arrays, "_LINES_AT_ONCE", r.choice([1, 7, 128]))
    assert_equal(line_faults.block(r, 100), zone=r.choice(odd_values.ZONES))


def test_good_lines_are_proven_without_the_exact_path(monkeypatch: pytest.MonkeyPatch) -> None:
    r = Random(1)
    block = b"\n".join(event_lines.write(r, event_lines.event(r, is_plain=True), 0).encode() for _ in range(500))
    slow: list[bytes] = []

    def note(raw: bytes, *rest: Any) -> Any:
        slow.append(raw)
        return read_line(raw, *rest)

    monkeypatch.setattr(decode_module, "read_line", note)
    assert assert_equal(block) == {"accepted": 500}
    assert len(slow) < 5


@pytest.mark.parametrize(
    "line_count",
    [
        2_000,
        pytest.param(100_000, marks=[pytest.mark.ci, pytest.mark.timeout(1800)]),
        pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
    ],
)
def test_every_kind_is_counted_and_nothing_is_lost(line_count: int) -> None:
    first_byte = 0
    for first in range(0, line_count, LINES_A_BLOCK):
        block, planted = planted_block(first, min(LINES_A_BLOCK, line_count - first))
        assert set(planted) == {*RejectKind, "accepted"}
        assert assert_equal(block, first_byte=first_byte) == planted
        first_byte += len(block)


LINES_A_BLOCK = 40_000  # about the 16 MiB that ingest decodes at once


def plain_line(r: Random) -> bytes:
    return event_lines.write(r, event_lines.event(r, is_plain=True), 0).encode()


def with_new_id(r: Random, line: bytes) -> bytes:
    return re.sub(rb"e-[0-9a-f]{16}", b"e-%016x" % r.getrandbits(64), line, count=1)


def planted_block(seed: int, line_count: int) -> tuple[bytes, Counter[str]]:
    """Plain lines, with known numbers of every kind of reject among them."""
    r = Random(seed)
    kinds = [kind for kind in PLANTS for _ in range(max(1, line_count // 4000))]
    places = dict(zip(r.sample(range(line_count), len(kinds)), kinds, strict=True))
    pool = [plain_line(r) for _ in range(min(line_count, 2000))]
    lines = []
    for place in range(line_count):
        line = with_new_id(r, r.choice(pool))
        if place in places:
            while (broken := PLANTS[places[place]](line)) == line:  # its keys are written with escapes
                line = r.choice(pool)
            line = broken
        lines.append(line)
    return b"\n".join(lines) + b"\n", Counter([*map(str, kinds), *["accepted"] * (line_count - len(kinds))])


PLANTS: dict[RejectKind, Callable[[bytes], bytes]] = {
    RejectKind.OVERSIZE: lambda line: line[:-1] + b',"x":"' + b"x" * (1024 * 1024) + b'"}',
    RejectKind.EMPTY: lambda _line: b" \t\r",
    RejectKind.BOM: lambda line: b"\xef\xbb\xbf" + line,
    RejectKind.INVALID_UTF8: lambda line: line[:-1] + b',"x":"\xb0\xa2\xc4\xaa"}',
    RejectKind.MALFORMED_JSON: lambda line: line[:-1],
    RejectKind.DUPLICATE_KEY: lambda line: line[:-1] + b',"event\\u005fid":"again"}',
    RejectKind.NOT_AN_OBJECT: lambda line: b"[" + line + b"]",
    RejectKind.LONE_SURROGATE: lambda line: line[:-1] + b',"x":"\\ud83d"}',
    RejectKind.UNKNOWN_EVENT_TYPE: lambda line: line.replace(b'"event_type"', b'"event_type":"purchase","was"'),
    RejectKind.MISSING_FIELD: lambda line: line.replace(b'"event_id"', b'"id"'),
    RejectKind.WRONG_TYPE: lambda line: line.replace(b'"event_id"', b'"event_id":7,"was"'),
    RejectKind.OUT_OF_RANGE: lambda line: line.replace(b'"event_id"', b'"event_id":"","was"'),
    RejectKind.BAD_TIME: lambda line: line.replace(b'"occurred_at"', b'"occurred_at":"2026-11-20 09:30","was"'),
    RejectKind.TIME_OUT_OF_BOUNDS: lambda line: line.replace(
        b'"occurred_at"', b'"occurred_at":"2099-11-20T09:30:00Z","was"'
    ),
}
