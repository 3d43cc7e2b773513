"""Arrow string columns seen as NumPy sees them, without a copy."""

import unicodedata

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def string_parts(texts: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The bytes, and where each text starts and how long it is; a null has length 0."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    # An array of nulls may have no data buffer at all.
    return np.frombuffer(data or b"", np.uint8), ends[:-1], np.diff(ends)


def not_normalized(texts: pa.StringArray) -> NDArray[np.intp]:
    """Where the texts are that are not in normal form C."""
    data, starts, lengths = string_parts(texts)
    if not len(texts):
        return np.empty(0, np.intp)
    together = str(data[starts[0] : starts[-1] + lengths[-1]].data, "utf-8")
    # A piece of a normalised text is normalised (UAX #15), so one look at all of them suffices as a rule.
    if together.isascii() or unicodedata.is_normalized("NFC", together):
        return np.empty(0, np.intp)
    is_broken = [text is not None and not unicodedata.is_normalized("NFC", text) for text in texts.to_pylist()]
    return np.flatnonzero(is_broken)
