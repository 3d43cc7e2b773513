"""Proof that no event of many has a key twice, in any of its objects."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.decoding.bisection import find_odd
from pipelines.unique_keys import are_unique

_AT_ONCE = 128  # texts; an odd one costs a closer look at its neighbours


def find_not_unique(texts: pa.StringArray) -> list[int]:
    """Which JSON texts may have a key twice; of the others it is proven."""
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), ",")[0].as_buffer()
    bounds = np.append(0, np.cumsum(pc.binary_length(texts).to_numpy() + 1, dtype=np.int64)).tolist()  # with its comma
    return find_odd(
        len(texts),
        _AT_ONCE,
        lambda first, end: are_unique(b"[%b]" % joined[bounds[first] : bounds[end] - 1]),
    )
