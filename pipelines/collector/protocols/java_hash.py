"""Java's `String.hashCode` of an ASCII text, the check sum of Sensors clients."""

import numpy as np

_WORD = 1 << 32
_HALF = 1 << 31
_BLOCK = 1 << 16
# 31 to the power of n modulo 2^32, the highest power first; a longer text is taken block by block.
_POWERS = np.full(_BLOCK, 31, dtype=np.uint32)
_POWERS[-1] = 1
_POWERS = np.cumprod(_POWERS[::-1], dtype=np.uint32)[::-1]


def java_hash(text: bytes) -> int:
    """The signed 32-bit hash."""
    value = 0
    for start in range(0, len(text), _BLOCK):
        block = np.frombuffer(text, dtype=np.uint8, count=min(_BLOCK, len(text) - start), offset=start)
        size = len(block)
        part = int((block * _POWERS[_BLOCK - size :]).sum(dtype=np.uint32))
        value = (value * pow(31, size, _WORD) + part) % _WORD
    return value - _WORD if value >= _HALF else value
