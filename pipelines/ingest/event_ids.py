"""The index of event ids: which ids the `events` table holds, over all days, so that a repeat is seen at any time.

An id is a 128-bit digest (XXH3), so two ids of one digest are not to be expected in the life of a lake. The index is
a list of immutable sorted runs; the list is kept in the state of the `events` snapshot, so rolling the table back
rolls the index back too. Runs of like size are merged, so there are few, and a look-up costs about the same
with a day of history as with a year.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from schemas.lake.durable import sync_file, sync_folder

Digests = NDArray[np.uint64]
"""Shape (n, 2): the two halves of each digest."""

# A run of 16 M ids is 256 MiB, and merging holds a few times that; past it, one more look-up costs less.
MAX_MERGED_IDS = 1 << 24


def digest_ids(ids: pa.ChunkedArray) -> Digests:
    """The digests of a column of event ids, in order."""
    texts = ids.cast(pa.binary()).to_pylist()
    joined = b"".join(map(xxhash.xxh3_128_digest, texts))
    return np.frombuffer(joined, dtype=np.uint64).reshape(-1, 2)


def first_of_each(digests: Digests) -> NDArray[np.bool_]:
    """True for the first row of each digest, False for its repeats."""
    is_first = np.ones(len(digests), dtype=np.bool_)
    order = np.lexsort((np.arange(len(digests)), digests[:, 1], digests[:, 0]))
    ordered = digests[order]
    is_first[order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]] = False
    return is_first


def are_known(digests: Digests, folder: Path, runs: Sequence[str]) -> NDArray[np.bool_]:
    """True for each digest that one of the runs holds."""
    known = np.zeros(len(digests), dtype=np.bool_)
    order = np.argsort(digests[:, 0])  # neighbours in the run are then asked for one after the other
    wanted = digests[order]
    for run in runs:
        held = _open_run(folder, run)
        heads = held[:, 0]
        position = np.searchsorted(heads, wanted[:, 0], side="left")
        # Digests with equal first halves stand side by side; nearly always there is one.
        rest = np.flatnonzero(position < len(held))
        while len(rest):
            at = position[rest]
            same_head = heads[at] == wanted[rest, 0]
            rest, at = rest[same_head], at[same_head]
            matches = held[at, 1] == wanted[rest, 1]
            known[order[rest[matches]]] = True
            rest = rest[~matches]
            position[rest] += 1
            rest = rest[position[rest] < len(held)]
    return known


def add_run(digests: Digests, folder: Path, runs: Sequence[str]) -> list[str]:
    """Write the digests as a new run, merging runs of like size into it, and return the new list of runs.

    The old files stay: an older snapshot may still name them.
    """
    if not len(digests):
        return list(runs)
    kept = list(runs)
    parts = [digests]
    count = len(digests)
    while kept:
        last = _open_run(folder, kept[-1])
        if len(last) > 2 * count or len(last) + count > MAX_MERGED_IDS:
            break
        parts.append(last)
        count += len(last)
        kept.pop()
    merged = np.concatenate(parts)
    merged = merged[np.argsort(merged[:, 0], kind="stable")]
    name = f"{secrets.token_hex(12)}.npy"
    folder.mkdir(parents=True, exist_ok=True)
    save_array(folder / name, merged)
    return [*kept, name]


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array so that it appears whole: a temporary name, fsync, rename."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            np.save(file, array)
        sync_file(temporary)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _open_run(folder: Path, name: str) -> Digests:
    opened: Digests = np.load(folder / name, mmap_mode="r")
    return opened
