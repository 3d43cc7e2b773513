"""The index of event ids: equal to a plain Python set, whatever the runs it is spread over."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.event_ids import add_run, are_known, digest_ids, first_of_each

HALF = st.integers(min_value=0, max_value=3)  # few values, so that first halves and whole digests meet often
DIGESTS = st.lists(st.tuples(HALF, HALF), max_size=30)


def as_array(pairs: list[tuple[int, int]]) -> np.ndarray:
    return np.array(pairs, dtype=np.uint64).reshape(-1, 2)


@given(DIGESTS)
def test_first_of_each_keeps_the_first_and_no_other(pairs: list[tuple[int, int]]) -> None:
    expected = [pair not in pairs[:place] for place, pair in enumerate(pairs)]
    assert first_of_each(as_array(pairs)).tolist() == expected


@given(st.lists(DIGESTS, max_size=8), DIGESTS)
def test_known_ids_are_those_of_all_runs(
    tmp_path_factory: pytest.TempPathFactory, added: list[list[tuple[int, int]]], wanted: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    runs: list[str] = []
    held: set[tuple[int, int]] = set()
    for pairs in added:
        new = sorted(set(pairs) - held, key=pairs.index)
        held.update(new)
        runs = add_run(as_array(new), folder, runs)
    assert are_known(as_array(wanted), folder, runs).tolist() == [pair in held for pair in wanted]


def test_runs_stay_few_as_days_are_added(tmp_path: Path) -> None:
    runs: list[str] = []
    for day in range(100):
        runs = add_run(as_array([(day, n) for n in range(10)]), tmp_path, runs)
    assert len(runs) <= 8
    assert are_known(as_array([(day, 9) for day in range(100)]), tmp_path, runs).all()


def test_older_runs_stay_for_older_snapshots(tmp_path: Path) -> None:
    first = add_run(as_array([(1, 1)]), tmp_path, [])
    second = add_run(as_array([(2, 2)]), tmp_path, first)
    assert second != first
    assert are_known(as_array([(1, 1), (2, 2)]), tmp_path, first).tolist() == [True, False]


def test_equal_ids_have_equal_digests_and_others_do_not() -> None:
    digests = digest_ids(pa.chunked_array([["a", "b"], ["a", "药"]]))
    assert digests.shape == (4, 2)
    assert (digests[0] == digests[2]).all()
    assert len({tuple(pair) for pair in digests.tolist()}) == 3
